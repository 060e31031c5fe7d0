import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithChromium } from '../../support/describeWithChromium.js';
import { daily, dispatchRecord, monday10Ms } from '../../support/dispatchRecord.js';
import { openConsole, type ServedConsole, serveConsole } from '../openConsole.js';

describeWithChromium('an export of many runs', browser => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  it('tells how far an export is, and cancels it', async () => {
    const dispatches = Array.from({ length: 200 }, (_, index) =>
      dispatchRecord({ id: index + 1, durationMs: 600_000, recurrence: daily({ frequency: 'HOURLY' }) }),
    );
    await using console = await openConsole(browser(), served.url, { nowMs: monday10Ms, dispatches });
    const { page } = console;
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    await page.getByRole('button', { name: 'Show a year' }).click();
    const told = await page.evaluate(`(async () => {
      const button = name => [...document.querySelectorAll('.toolbar button')].find(one => one.textContent === name);
      const texts = new Set();
      const note = () => texts.add(document.querySelector('.toolbar [role="status"]')?.textContent);
      button('CSV').click();
      while (!(document.querySelector('.toolbar')?.textContent ?? '').includes('Saving')) {
        await new Promise(requestAnimationFrame);
        note();
      }
      button('Cancel the export').click();
      while (button('Cancel the export')) await new Promise(requestAnimationFrame);
      note();
      return [...texts];
    })()`);
    expect(told).toEqual(
      expect.arrayContaining([
        'Looking for what is in view …',
        expect.stringMatching(/^Saving: \d+ % …$/),
        'Nothing was saved.',
      ]),
    );
    expect(console.faults).toEqual([]);
  });
});
