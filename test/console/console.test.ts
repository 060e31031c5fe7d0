import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { dispatchRecord, monday10Ms } from '../support/dispatchRecord.js';
import { seriousFindings } from './axe.js';
import { openConsole, type ServedConsole, serveConsole } from './openConsole.js';

describeWithChromium('the console in Chromium', browser => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  it('is three files, and asks for nothing else', async () => {
    expect((await readdir(served.folder)).sort()).toEqual(['console.css', 'console.js', 'index.html']);
  });

  it('signs in at once when nothing is asked for, and is live', async () => {
    await using console = await openConsole(browser(), served.url, {
      nowMs: monday10Ms,
      dispatches: [dispatchRecord({ id: 1 })],
    });
    await console.page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    expect(console.faults).toEqual([]);
  });

  it('has no serious or critical finding of axe', async () => {
    await using signedOut = await openConsole(browser(), served.url, {
      nowMs: monday10Ms,
      dispatches: [],
      asksKey: true,
    });
    await signedOut.page.getByLabel('Key').waitFor();
    expect(await seriousFindings(signedOut.page)).toEqual([]);
    await using console = await openConsole(browser(), served.url, {
      nowMs: monday10Ms,
      dispatches: [dispatchRecord({ id: 1 })],
    });
    await console.page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    expect(await seriousFindings(console.page)).toEqual([]);
  });

  it('asks for a key, and says what is wrong with it', async () => {
    await using console = await openConsole(browser(), served.url, {
      nowMs: monday10Ms,
      dispatches: [],
      asksKey: true,
    });
    const { page } = console;
    await page.getByLabel('Key').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('the key is not known').waitFor();
    await page.getByLabel('Key').fill('right');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Key').waitFor();
    expect(console.faults).toEqual([]);
  });
});
