// How the form and the details behave under the hands of an operator, in Chromium.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { describeWithChromium } from '../../support/describeWithChromium.js';
import { daily, dispatchRecord, hourMs, monday10Ms } from '../../support/dispatchRecord.js';
import { tabTo } from '../keyboard.js';
import { type OpenOptions, openConsole, type ServedConsole, serveConsole } from '../openConsole.js';
import type { TestSetup } from '../testSetup.js';

describeWithChromium('an operator at the form', browser => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const record = dispatchRecord({ id: 7, startTimeMs: monday10Ms + 2 * hourMs, recurrence: daily() });

  const open = async (setup: Partial<TestSetup> = {}, options: OpenOptions = {}) => {
    const start = { nowMs: monday10Ms, dispatches: [record], ...setup };
    const console = await openConsole(browser(), served.url, start, options);
    await console.page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    return console;
  };
  const choose = (page: Page, choices: object) =>
    page.evaluate(`testConsole.actor.send({ type: 'view.chosen', choices: ${JSON.stringify(choices)} })`);
  const field = (page: Page, label: string) => page.locator('.plan-form').getByLabel(label, { exact: true });
  const focused = (page: Page) =>
    page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.textContent?.trim()}`);
  const news = (page: Page, text: string | RegExp) => page.locator('.planner-bar').getByText(text).waitFor();
  const pressByKey = async (page: Page, name: string | RegExp) => {
    await page.getByRole('button', { name, exact: true }).first().focus();
    await page.keyboard.press('Enter');
  };

  it.for([
    ['Duration', '-5'],
    ['Components', 'foo'],
    ['Time zone', 'Mars/Phobos'],
    ['Type', ' '],
  ] as const)('takes the first click after a wrong %s, whose problem is then shown', async ([label, text]) => {
    await using console = await open();
    const { page } = console;
    await page.getByRole('button', { name: 'New dispatch …' }).click();
    await field(page, label).fill(text);
    const box = await page.getByLabel('Repeats').boundingBox();
    if (box === null) throw new Error('the box is not seen');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    // What would move it is drawn within a few frames.
    await page.evaluate('new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
    await page.mouse.up();
    await page.getByLabel('every').waitFor();
    await expect.poll(() => field(page, label).getAttribute('aria-invalid')).toBe('true');
    expect(console.faults).toEqual([]);
  });

  it('gives the focus to Save after a preview, whose results are in view, and to the heading of what was created', async () => {
    await using console = await open({}, { width: 1280, height: 900 });
    const { page } = console;
    await page.getByRole('button', { name: 'New dispatch …' }).click();
    for (const [label, text] of Object.entries({ Type: 'HEAT', Components: '1', Start: '2026-03-02 12:00' }))
      await field(page, label).fill(text);
    await pressByKey(page, 'Preview');
    await page.getByText('This is what would happen').waitFor();
    await expect.poll(() => focused(page)).toBe('BUTTON Save');
    const preview = await page.getByRole('region', { name: 'What would happen' }).boundingBox();
    const footer = await page.locator('.plan-form > footer').boundingBox();
    expect((preview?.y ?? 900) + 60).toBeLessThan(footer?.y ?? 0);
    await page.keyboard.press('Enter');
    await news(page, 'Dispatch 8 is created.');
    await expect.poll(() => focused(page)).toBe('H2 8 HEAT');
    expect(console.faults).toEqual([]);
  });

  it('keeps the focus on a button that toggles, gives it to Undo after a deletion, and then shows what came back', async () => {
    await using console = await open();
    const { page } = console;
    await choose(page, { chosenId: 7, filter: '#7' });
    await pressByKey(page, 'Pause');
    await news(page, 'Dispatch 7 is paused.');
    await expect.poll(() => focused(page)).toBe('BUTTON Resume');
    await pressByKey(page, 'Undo the pause of dispatch 7');
    await news(page, 'Undone: the pause of dispatch 7.');
    await expect.poll(() => focused(page)).toBe('P Undone: the pause of dispatch 7.');
    await pressByKey(page, 'Delete');
    await news(page, 'Dispatch 7 is deleted.');
    await expect.poll(() => focused(page)).toBe('BUTTON Undo the deletion of dispatch 7');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '8 CHARGE' }).waitFor();
    expect(await page.getByLabel('Filter by type').inputValue()).toBe('#8');
    expect(console.faults).toEqual([]);
  });

  it('offers to bring back the chosen run after it was skipped', async () => {
    await using console = await open();
    const { page } = console;
    const chosenRunMs = record.startTimeMs + 48 * hourMs;
    await choose(page, { chosenId: 7, chosenRunMs });
    const chosen = page.getByText('Chosen run').locator('+ dd');
    await chosen.getByRole('button', { name: /^Skip the run/ }).click();
    await news(page, 'The run of Wed 2026-03-04 12:00:00 UTC is skipped.');
    await chosen.getByRole('button', { name: /^Bring back the run/ }).click();
    await news(page, 'The run of Wed 2026-03-04 12:00:00 UTC is not skipped any more.');
    await chosen.getByRole('button', { name: /^Skip the run/ }).waitFor();
    expect(console.faults).toEqual([]);
  });

  it('offers to undo only what was done in the microgrid that is shown, and tells only its news', async () => {
    await using console = await open({ dispatches: [record, { ...record, id: 9, microgridId: 2 }] });
    const { page } = console;
    await choose(page, { chosenId: 7 });
    await page.getByRole('button', { name: 'Pause', exact: true }).first().click();
    await news(page, 'Dispatch 7 is paused.');
    await page.getByRole('button', { name: /^Microgrid 2 / }).click();
    await page.getByText('Dispatch 7 is paused.').waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: /^Undo/ }).count()).toBe(0);
    await page.getByRole('button', { name: /^Microgrid 1 / }).click();
    await page.getByRole('button', { name: 'Undo the pause of dispatch 7' }).click();
    await news(page, 'Undone: the pause of dispatch 7.');
    expect(console.faults).toEqual([]);
  });

  it('goes by the keyboard from the form to what it made', async () => {
    await using console = await open();
    const { page } = console;
    await choose(page, { chosenId: 7 });
    await tabTo(page, 'Change …');
    await page.keyboard.press('Enter');
    await field(page, 'Duration').fill('45m');
    await pressByKey(page, 'Preview');
    await expect.poll(() => focused(page)).toBe('BUTTON Save');
    await page.keyboard.press('Enter');
    await news(page, 'Dispatch 7 is changed.');
    await expect.poll(() => focused(page)).toBe('H2 7 CHARGE');
    expect(console.faults).toEqual([]);
  });
});
