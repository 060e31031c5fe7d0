import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { describeWithChromium } from '../../support/describeWithChromium.js';
import { daily, dispatchRecord, hourMs, monday10Ms } from '../../support/dispatchRecord.js';
import { seriousFindings } from '../axe.js';
import { openConsole, type ServedConsole, serveConsole } from '../openConsole.js';
import type { CallFaults } from '../page/memoryCalls.js';
import type { TestSetup } from '../testSetup.js';

describeWithChromium('the form of a dispatch in Chromium', browser => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const record = dispatchRecord({
    id: 7,
    startTimeMs: monday10Ms + 2 * hourMs,
    recurrence: daily(),
    payload: { kw: 5 },
  });

  const open = async (setup: Partial<TestSetup> = {}) => {
    const console = await openConsole(browser(), served.url, { nowMs: monday10Ms, dispatches: [record], ...setup });
    await console.page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    return console;
  };
  /** Chooses a dispatch, as a click in the timeline does. */
  const choose = (page: Page, chosenId: number) =>
    page.evaluate(`testConsole.actor.send({ type: 'view.chosen', choices: { chosenId: ${chosenId} } })`);
  const stored = (page: Page): Promise<DispatchRecord[]> =>
    page.evaluate(`(async () => {
      const found = [];
      const options = { microgridId: 1, endFromMs: 0, signal: new AbortController().signal };
      for await (const { dispatches } of testConsole.transports.get(1).list(options)) found.push(...dispatches);
      return found;
    })()`);
  const fail = (page: Page, failure: CallFaults['failure']) =>
    page.evaluate(`testConsole.faults.failure = ${JSON.stringify(failure)}`);
  const previewed = (page: Page) => page.evaluate('testConsole.actor.getSnapshot().context.view.preview.length');
  const field = (page: Page, label: string) => page.locator('.plan-form').getByLabel(label, { exact: true });
  const fill = async (page: Page, fields: Readonly<Record<string, string>>) => {
    for (const [label, text] of Object.entries(fields)) await field(page, label).fill(text);
  };
  const press = (page: Page, name: string | RegExp) =>
    page.locator('.toolbar, .tab-panel, .plan-form, .planner-bar').getByRole('button', { name, exact: true }).click();
  const news = (page: Page, text: string | RegExp) => page.locator('.planner-bar').getByText(text).waitFor();
  const save = async (page: Page) => {
    await press(page, 'Preview');
    await press(page, 'Save');
  };

  it('creates a dispatch by the keyboard, shows it before it is saved, and undoes it', async () => {
    await using console = await open();
    const { page } = console;
    await page.getByRole('button', { name: 'New dispatch …' }).focus();
    await page.keyboard.press('Enter');
    await field(page, 'Type').waitFor();
    // The form has the focus.
    await page.keyboard.type('HEAT');
    await page.keyboard.press('Tab');
    await page.keyboard.type('BATTERY');
    await fill(page, { Start: '2026-03-12 12:00', Duration: '2h' });
    const outside = page.getByText('What would be saved has no run in this time.');
    await outside.waitFor();
    await fill(page, { Start: '2026-03-02 12:00', Duration: '2h' });
    await outside.waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.getByText('This is what would happen').waitFor();
    await page.getByRole('cell', { name: 'Mon 2026-03-02 12:00:00 CET' }).waitFor();
    expect(await previewed(page)).toBe(1);
    expect(await stored(page)).toHaveLength(1);
    await page.keyboard.press('Enter');
    await news(page, 'Dispatch 8 is created.');
    await page.getByRole('heading', { name: '8 HEAT' }).waitFor();
    expect((await stored(page))[1]).toMatchObject({ id: 8, type: 'HEAT', durationMs: 2 * hourMs });
    expect(await previewed(page)).toBe(0);
    await press(page, 'Undo the creation of dispatch 8');
    await news(page, /Undone/);
    expect(await stored(page)).toHaveLength(1);
    expect(console.faults).toEqual([]);
  });

  it('tells what is wrong beside its field, before the service is asked', async () => {
    await using console = await open();
    const { page } = console;
    await press(page, 'New dispatch …');
    await fill(page, { Type: 'HEAT', Components: 'BATERY', Payload: '{"kw": }' });
    await press(page, 'Preview');
    const components = field(page, 'Components');
    const problemId = (await components.getAttribute('aria-describedby'))?.split(' ').at(-1);
    expect(await components.getAttribute('aria-invalid')).toBe('true');
    expect(await page.locator(`[id="${problemId}"]`).textContent()).toContain("'BATERY' is neither a component id");
    await page.getByText(/at line 1, column 8/).waitFor();
    await page.getByText('Not right yet: Components, Payload.').waitFor();
    // The first of them has the focus.
    await expect.poll(() => components.evaluate(element => element === document.activeElement)).toBe(true);
    await fill(page, { Components: 'BATTERY', Payload: '{"kw": 1}' });
    expect(await page.locator('.problems').count()).toBe(0);
    expect(console.faults).toEqual([]);
  });

  it('puts the violations of the service beside their fields', async () => {
    await using console = await open();
    const { page } = console;
    await press(page, 'New dispatch …');
    await fill(page, { Type: 'HEAT', Components: '1' });
    await press(page, 'Preview');
    await fail(page, { code: 'INVALID_ARGUMENT', message: 'must be one of A, B', field: 'dispatch_data.type' });
    await press(page, 'Save');
    await page.getByText('It must be one of A, B.').waitFor();
    expect(await field(page, 'Type').getAttribute('aria-invalid')).toBe('true');
    await fail(page, { code: 'UNAVAILABLE', message: 'nobody is there' });
    await fill(page, { Type: 'A' });
    await save(page);
    await page.getByText(/It failed: nobody is there/).waitFor();
    await fail(page, null);
    await press(page, 'Save again');
    await news(page, 'Dispatch 8 is created.');
    expect(console.faults).toEqual([]);
  });

  it('changes only what was edited; a conflict is shown with both values', async () => {
    await using console = await open();
    const { page } = console;
    await choose(page, 7);
    await press(page, 'Change …');
    await fill(page, { Duration: '45m' });
    await page.evaluate('testConsole.transports.get(1).update(7, { durationMs: 7200000, active: false })');
    await page.getByRole('region', { name: 'Changed by somebody else' }).waitFor();
    await page
      .getByRole('row', { name: /Duration 30m 45m/ })
      .getByText('2h')
      .waitFor();
    await press(page, 'Keep mine: Duration');
    await page.getByText('Taken over from somebody else: Active.').waitFor();
    await save(page);
    await news(page, 'Dispatch 7 is changed.');
    expect(await stored(page)).toMatchObject([{ id: 7, durationMs: 45 * 60_000, active: false, payload: { kw: 5 } }]);
    await press(page, 'Undo the change of dispatch 7');
    await news(page, /Undone/);
    expect(await stored(page)).toMatchObject([{ id: 7, durationMs: 2 * hourMs, active: false }]);
    expect(console.faults).toEqual([]);
  });

  it('is told when somebody else deletes the dispatch, and makes a new one of it', async () => {
    await using console = await open();
    const { page } = console;
    await choose(page, 7);
    await press(page, 'Change …');
    await page.evaluate('testConsole.transports.get(1).delete(7)');
    await page.getByText('Somebody else deleted it meanwhile.').waitFor();
    await press(page, 'Make a new dispatch of it');
    await save(page);
    await news(page, 'Dispatch 8 is created.');
    expect(console.faults).toEqual([]);
  });

  it('pauses, skips, runs now and deletes, and undoes each', async () => {
    await using console = await open();
    const { page } = console;
    await choose(page, 7);
    await press(page, 'Pause');
    await news(page, 'Dispatch 7 is paused.');
    await press(page, 'Resume');
    await news(page, 'Dispatch 7 is active again.');
    await press(page, 'Skip next run');
    await news(page, 'The run of Mon 2026-03-02 12:00:00 UTC is skipped.');
    expect((await stored(page))[0]).toMatchObject({ startTimeMs: record.startTimeMs + 24 * hourMs });
    await press(page, 'Run now');
    await news(page, 'Dispatch 8 runs now, a copy of 7.');
    await press(page, 'Undo the run of dispatch 7');
    await news(page, /Undone: the run/);
    await press(page, /^Undo the skipping/);
    await news(page, /Undone: the skipping/);
    expect(await stored(page)).toMatchObject([{ id: 7, startTimeMs: record.startTimeMs, active: true }]);
    await press(page, 'Undo the resumption of dispatch 7');
    await news(page, /Undone: the resumption/);
    await press(page, 'Undo the pause of dispatch 7');
    await news(page, /Undone: the pause/);
    await press(page, 'Delete');
    await news(page, 'Dispatch 7 is deleted.');
    await press(page, 'Undo the deletion of dispatch 7');
    await news(page, /A deleted id does not come back: dispatch 7 is there again as dispatch 9/);
    const [anew] = await stored(page);
    expect(anew).toMatchObject({ id: 9, type: 'CHARGE', recurrence: daily(), payload: { kw: 5 } });
    expect(console.faults).toEqual([]);
  });

  it('skips the run that is chosen in the timeline or in the list of the next ones, undoes it, and brings it back', async () => {
    await using console = await open();
    const { page } = console;
    await page.getByRole('button', { name: 'Show a week' }).click();
    await page.getByRole('region', { name: /^Timeline/ }).focus();
    for (const _ of [1, 2, 3]) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    const chosen = page.getByText('Chosen run').locator('+ dd');
    await chosen.getByText('2026-03-04 12:00:00 UTC').waitFor();
    await chosen.getByRole('button', { name: 'Skip the run of 2026-03-04 13:00:00' }).click();
    await news(page, 'The run of Wed 2026-03-04 12:00:00 UTC is skipped.');
    expect(await stored(page)).toHaveLength(2);
    const next = page.getByText('Next runs').locator('+ dd');
    await expect.poll(() => next.textContent()).not.toContain('2026-03-04');
    await press(page, /^Undo the skipping of the run of Wed/);
    await news(page, /Undone: the skipping/);
    expect(await stored(page)).toMatchObject([{ id: 7, recurrence: record.recurrence }]);
    await choose(page, 7);
    await chosen.waitFor({ state: 'detached' });
    await press(page, 'Skip the run of 2026-03-03 13:00:00');
    await news(page, 'The run of Tue 2026-03-03 12:00:00 UTC is skipped.');
    await press(page, 'Bring back the run of 2026-03-03 13:00:00');
    await news(page, 'The run of Tue 2026-03-03 12:00:00 UTC is not skipped any more.');
    await page.getByText('Skipped runs').waitFor({ state: 'detached' });
    await press(page, /^Undo the return of the run of Tue/);
    await page.getByText('Skipped runs').waitFor();
    expect(console.faults).toEqual([]);
  });

  it('offers the first, second, … and last of a weekday in the month, in words', async () => {
    await using console = await open();
    const { page } = console;
    await press(page, 'New dispatch …');
    await fill(page, { Type: 'CHARGE', Components: '5', Start: '2026-03-03 08:00' });
    await page.getByLabel('Repeats').click();
    await page.getByLabel('Mon', { exact: true }).click();
    const which = page.getByLabel('of these');
    expect(await which.count()).toBe(0);
    await page.getByLabel('unit').selectOption('MONTHLY');
    expect(await which.inputValue()).toBe('each');
    await which.selectOption('the second of the month');
    await page.getByText('every month on the second Monday').waitFor();
    await which.selectOption('the last of the month');
    await page.getByText('every month on the last Monday').waitFor();
    await fill(page, { 'on the days of the month': '13' });
    await expect.poll(() => which.inputValue()).toBe('days');
    await which.selectOption('the first of the month');
    await save(page);
    await news(page, 'Dispatch 8 is created.');
    expect((await stored(page))[1]).toMatchObject({
      recurrence: { frequency: 'MONTHLY', byWeekdays: ['MONDAY'], byMonthDays: [1, 2, 3, 4, 5, 6, 7] },
    });
    await page.getByText('every month on the first Monday (UTC)').waitFor();
    await press(page, 'Change …');
    expect(await which.inputValue()).toBe('first');
    await page.locator('.weekdays').scrollIntoViewIfNeeded();
    expect(console.faults).toEqual([]);
  });

  it('plans a rule in local time, with its words, its next runs and who meets them', async () => {
    await using console = await open();
    const { page } = console;
    await press(page, 'New dispatch …');
    await fill(page, { Type: 'CHARGE', Components: '5', Start: '2026-03-03 00:00', Duration: '3h' });
    await page.getByLabel('Repeats').check();
    await page.getByLabel('by the clock of').selectOption('local');
    await fill(page, { 'in the hours (Europe/Berlin)': '12', 'at the minutes': '0' });
    await page.getByLabel('Mon', { exact: true }).check();
    await page.getByLabel('ends', { exact: true }).selectOption('until');
    await fill(page, { 'last start (Europe/Berlin)': '2026-12-31' });
    await page
      .getByText('every week', { exact: false })
      .or(page.getByText(/every day on Monday at 12:00 Europe\/Berlin/))
      .waitFor();
    await press(page, 'Preview');
    await page.getByText(/Its run of Mon 2026-03-09 12:00:00 CET meets that of dispatch 7 \(CHARGE\)/).waitFor();
    await page.getByText('It becomes a group of 3 dispatches').waitFor();
    await page.getByRole('cell', { name: 'Mon 2026-03-30 12:00:00 CEST' }).waitFor();
    await page.getByRole('cell', { name: '2026-03-30 10:00:00' }).waitFor();
    await press(page, 'Save');
    await news(page, /^Group g[0-9a-f]{8} \(dispatches .*\) is created\.$/);
    expect(await stored(page)).toHaveLength(4);
    expect(console.faults).toEqual([]);
  });

  it('shows a rule that cannot be evaluated, and lets it be replaced', async () => {
    await using console = await open();
    const { page } = console;
    await page.evaluate('testConsole.transports.get(1).update(7, { recurrence: { frequency: 99, interval: 1 } })');
    await choose(page, 7);
    await page.getByText('by a rule that this console cannot evaluate').waitFor();
    await press(page, 'Change …');
    await fill(page, { Duration: '45m' });
    await press(page, 'Preview');
    await page.getByText(/It must be one of MINUTELY/).waitFor();
    await field(page, 'unit').selectOption('DAILY');
    await save(page);
    await news(page, 'Dispatch 7 is changed.');
    expect(await stored(page)).toMatchObject([{ recurrence: { frequency: 'DAILY' } }]);
    expect(console.faults).toEqual([]);
  });

  it('offers nothing to a key that only reads', async () => {
    await using console = await open({ facts: { mayWrite: false } });
    const { page } = console;
    await choose(page, 7);
    await page.getByRole('heading', { name: '7 CHARGE' }).waitFor();
    for (const name of ['New dispatch …', 'Change …', 'Pause', 'Run now', 'Delete'])
      expect(await page.locator('.toolbar, .tab-panel').getByRole('button', { name }).count()).toBe(0);
    expect(console.faults).toEqual([]);
  });

  it('shows scripts as text, and payloads of 50 kB', async () => {
    const script = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
    const hostile = dispatchRecord({
      id: 7,
      type: script,
      startTimeMs: monday10Ms + hourMs,
      payload: { [script]: script, long: 'x'.repeat(50_000), a: { b: { c: { d: [script] } } } },
    });
    await using console = await open({ dispatches: [hostile] });
    const { page } = console;
    await choose(page, 7);
    await press(page, 'Change …');
    expect(await field(page, 'Type').inputValue()).toBe(script);
    expect(await field(page, 'Payload').inputValue()).toContain('x'.repeat(50_000));
    await fill(page, { Duration: '45m', Note: script });
    await save(page);
    await news(page, 'Dispatch 7 is changed.');
    expect(await stored(page)).toMatchObject([
      { type: script, durationMs: 45 * 60_000, payload: { [script]: script } },
    ]);
    await press(page, 'Change …');
    await fill(page, { Payload: `{"a": "${'x'.repeat(52_000)}"}` });
    await press(page, 'Preview');
    await page.getByText(/must have at most 51200 bytes/).waitFor();
    expect(await page.evaluate(`'hacked' in window`)).toBe(false);
    expect(console.faults).toEqual([]);
  });

  it('has no serious finding of axe in any of its states, light, dark or small', async () => {
    await using console = await open();
    const { page } = console;
    await press(page, 'New dispatch …');
    await press(page, 'Preview');
    await page.getByLabel('Repeats').check();
    expect(await seriousFindings(page, '.plan-form')).toEqual([]);
    await fill(page, { Type: 'HEAT', Components: '5' });
    await press(page, 'Preview');
    await page.getByText('This is what would happen').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFindings(page, '.plan-form')).toEqual([]);
    }
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await seriousFindings(page, '.plan-form')).toEqual([]);
  });
});
