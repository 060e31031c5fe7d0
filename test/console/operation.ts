// The console of a real service, in Chromium.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { type LocalConsole, serveConsole } from '../../src/cli/console/serveConsole.js';
import { silentLogger } from '../../src/logger.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { type RunningCli, startCli } from '../support/startCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { builtConsole } from './builtConsole.js';
import { press, tabTo } from './keyboard.js';
import { type OpenConsole, type OpenOptions, openConsole } from './openConsole.js';

/** A service in a process of its own, and the console of this machine for it. */
export interface Operation {
  /** Address of the service. */
  address(): string;
  /** Kills the service, as a lost machine does. */
  kill(): Promise<void>;
  /** Starts the service again, at the same address. */
  restart(): Promise<void>;
  /** Opens the console by a link; it is live. */
  open(options?: OpenOptions): Promise<OpenConsole>;
}

/** A `describe` of tests of the console, signed in to a service with microgrid 1. */
export function describeOperation(name: string, tests: (operation: Operation) => void): void {
  describeWithChromium(name, browser => {
    const folder = temporaryFolder();
    let service: RunningCli;
    let address = '';
    let served: LocalConsole;
    const start = async (listen: string) => {
      service = startCli(['serve', '--listen', listen, '--database', `${folder.path}/dispatches.db`]);
      address = (await service.line()).replace('listening on ', '');
    };
    beforeAll(async () => {
      await builtConsole();
      await start('127.0.0.1:0');
      const logger = silentLogger;
      const options = { listen: '127.0.0.1:0', microgrids: [1], store: undefined, logger, onOpened: () => {} };
      served = await serveConsole({ service: { url: address }, ...options });
    });
    afterAll(async () => {
      await served[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });
    tests({
      address: () => address,
      kill: async () => void (await service.stop('SIGKILL')),
      restart: () => start(new URL(address.replace('grpc:', 'http:')).host),
      async open(options = {}) {
        const console = await openConsole(browser(), served.newLink(), null, options);
        await console.page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
        return console;
      },
    });
  });
}

/** Waits for an entry in the log of the console. */
export async function event(page: Page, kind: string, text: string): Promise<void> {
  const log = page.getByRole('region', { name: 'Event log' });
  await log.getByRole('row').filter({ hasText: kind }).filter({ hasText: text }).first().waitFor();
}

/** Waits for what the console says of what was done last. */
export async function news(page: Page, text: string | RegExp): Promise<void> {
  await page.locator('.planner-bar').getByText(text).waitFor();
}

/** Creates a dispatch by the form, by the keyboard alone; returns its id. */
export async function create(
  page: Page,
  fields: Readonly<Record<string, string>> & { readonly Type: string },
): Promise<number> {
  await tabTo(page, 'New dispatch …');
  await page.keyboard.press('Enter');
  for (const [label, text] of Object.entries(fields)) {
    await tabTo(page, label);
    await press(page, text);
  }
  await page.keyboard.press('Enter');
  await page.getByText('This is what would happen').waitFor();
  await page.keyboard.press('Enter');
  const log = page.getByRole('region', { name: 'Event log' });
  const made = log
    .getByRole('row')
    .filter({ hasText: 'created' })
    .getByText(new RegExp(`^\\d+ ${fields.Type}$`));
  const id = Number.parseInt(String(await made.first().textContent()), 10);
  await news(page, `Dispatch ${id} is created.`);
  return id;
}
