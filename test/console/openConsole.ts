import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { consoleFiles } from '../../src/service/web/consoleFiles.js';
import { answerFile } from '../../src/service/web/webFiles.js';
import { bundleConsole } from '../package/bundleConsole.js';
import { sourceFile } from '../support/sourceFile.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import type { TestSetup } from './testSetup.js';

/** The console on dispatches in memory, served on loopback. */
export interface ServedConsole extends AsyncDisposable {
  readonly url: string;
  /** The folder of its files. */
  readonly folder: string;
}

/** Bundles the console with the page for tests, and serves it as the service does, with its content security policy. */
export async function serveConsole(): Promise<ServedConsole> {
  const folder = temporaryFolder();
  await bundleConsole(folder.path, { entry: sourceFile('page/testPage.tsx', import.meta.url) });
  const files = await consoleFiles('none', folder.path);
  const server = createServer((request, response) => {
    if (!answerFile(files, request, response)) response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      folder[Symbol.dispose]();
    },
  };
}

/** A page with the console, and what the browser found wrong with it. */
export interface OpenConsole extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the log, uncaught errors and requests to elsewhere or without an answer. */
  readonly faults: readonly string[];
}

/** Options of {@link openConsole}. */
export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly timezoneId?: string;
  readonly hasTouch?: boolean;
  /** What is done to the empty page before. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** Opens the console in a new window of a browser. */
export async function openConsole(
  browser: Browser,
  url: string,
  setup: TestSetup | null,
  { width = 1280, height = 800, prepare, ...options }: OpenOptions = {},
): Promise<OpenConsole> {
  const context = await browser.newContext({
    viewport: { width, height },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...options,
  });
  const page = await context.newPage();
  const { origin } = new URL(url);
  const faults: string[] = [];
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', error => faults.push(`uncaught: ${error.message}`));
  page.on('requestfailed', request => {
    // The page itself ends its streams when it is left, or signed out.
    const { errorText = '' } = request.failure() ?? {};
    if (errorText !== 'net::ERR_ABORTED') faults.push(`failed: ${request.url()}: ${errorText}`);
  });
  page.on('request', request => {
    if (new URL(request.url()).origin !== origin && !/^(data|blob):/.test(request.url()))
      faults.push(`asked: ${request.url()}`);
  });
  // Scripts of the page may not be inline: this one is of the browser.
  if (setup !== null) await page.addInitScript(`window.testSetup = ${JSON.stringify(setup)}`);
  await prepare?.(page);
  await page.goto(url);
  return { page, faults, [Symbol.asyncDispose]: () => context.close() };
}
