// Draws the pictures of the console in docs: `npm run screenshots`.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { startChromium } from '../support/describeWithChromium.js';
import { minuteMs, monday10Ms } from '../support/dispatchRecord.js';
import { openConsole, serveConsole } from './openConsole.js';
import { sampleDispatches } from './sampleDispatches.js';
import type { TestSetup } from './testSetup.js';

const folder = fileURLToPath(new URL('../../docs/console/', import.meta.url));

interface Shot {
  readonly name: string;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly setup?: Partial<TestSetup>;
  readonly act: (page: Page) => Promise<void>;
}

const bar = (page: Page, x: number, lane: number) =>
  page.locator('canvas').click({ position: { x, y: lane * 26 + 13 } });

const shots: readonly Shot[] = [
  {
    name: 'timeline',
    act: async page => {
      await page.getByRole('button', { name: 'Show a day' }).click();
      await bar(page, 172, 2);
    },
  },
  {
    name: 'states-dark',
    colorScheme: 'dark',
    act: async page => {
      await page.getByRole('button', { name: 'Show 6 h' }).click();
      await bar(page, 172, 2);
      await page.getByRole('tab', { name: 'Its states' }).click();
    },
  },
  {
    name: 'dispatcher',
    act: async page => {
      await page.getByLabel('Lanes by').selectOption('component');
      await page.getByRole('button', { name: 'Show a week' }).click();
      await page.getByRole('tab', { name: 'Dispatcher' }).click();
    },
  },
  {
    name: 'table',
    act: async page => {
      await page.getByRole('button', { name: 'Table: show as text' }).click();
      await page
        .getByRole('button', { name: /^1 CHARGE/ })
        .first()
        .click();
    },
  },
  {
    name: 'future',
    act: async page => {
      await page.getByLabel('Time', { exact: true }).fill('700');
      await page.getByText('Simulated if nothing is changed').waitFor();
      await bar(page, 172, 2);
      await page.getByRole('tab', { name: 'Its states' }).click();
    },
  },
  { name: 'phone', width: 390, height: 844, act: async () => {} },
  {
    name: 'sign-in',
    setup: { asksKey: true },
    width: 640,
    height: 400,
    act: async page => {
      await page.getByLabel('Key').fill('other');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'form',
    act: async page => {
      await page.getByRole('button', { name: 'New dispatch …' }).click();
      await fill(page, {
        Type: 'EV_CHARGING',
        Components: 'EV_CHARGER',
        Start: '2026-03-02 13:00',
        Duration: '2h',
        Payload: '{"kw": 11}',
      });
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText('This is what would happen').waitFor();
    },
  },
  {
    name: 'violation',
    act: async page => {
      await page.getByRole('button', { name: 'New dispatch …' }).click();
      await fill(page, {
        Type: 'EV_CHARGING',
        Components: 'EV_CHARGE',
        Start: '2026-03-02 13:00',
        Payload: '{"kw": }',
      });
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText('Not right yet').waitFor();
    },
  },
  {
    name: 'undo',
    act: async page => {
      await bar(page, 172, 2);
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('button', { name: /^Undo the deletion/ }).waitFor();
    },
  },
  {
    name: 'missed',
    act: async page => {
      await page.getByRole('button', { name: 'Show 6 h' }).click();
      await page.evaluate('testConsole.step(5 * 3_600_000)');
      await page.locator('.log').getByText('missed').first().waitFor();
    },
  },
  {
    name: 'no-connection',
    act: async page => {
      await page.evaluate(`{
        const transport = testConsole.transports.get(1);
        transport.list = async function* () { throw new Error('the service at grpc://plant.example is not reached'); };
        transport.cut();
      }`);
      await page.getByRole('button', { name: 'Microgrid 1 no connection' }).waitFor();
      await page.getByRole('tab', { name: 'Dispatcher' }).click();
    },
  },
];

async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, text] of Object.entries(fields)) {
    await page.locator('.plan-form').getByLabel(label, { exact: true }).fill(text);
  }
}

mkdirSync(folder, { recursive: true });
const only = process.argv.slice(2);
const browser = await startChromium();
await using served = await serveConsole();
for (const { name, act, setup = {}, ...options } of shots) {
  if (only.length > 0 && !only.includes(name)) continue;
  await using console = await openConsole(
    browser,
    served.url,
    { nowMs: monday10Ms + 34 * minuteMs, dispatches: sampleDispatches(), ...setup },
    { width: 1280, height: 760, ...options },
  );
  const { page } = console;
  if (!setup.asksKey) await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
  await act(page);
  // The picture is drawn with the next frames.
  await page.evaluate('new Promise(done => setTimeout(done, 500))');
  await page.screenshot({ path: `${folder}${name}.png` });
  if (console.faults.length > 0) throw new Error(`${name}: ${console.faults.join('\n')}`);
}
await browser.close();
