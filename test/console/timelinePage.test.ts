import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCalendar } from '../../src/cli/exchange/readCalendar.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { daily, dispatchRecord, hourMs, minuteMs, monday10Ms } from '../support/dispatchRecord.js';
import { sampled } from '../support/sampled.js';
import { seriousFindings } from './axe.js';
import { openConsole, type ServedConsole, serveConsole } from './openConsole.js';
import { sampleDispatches } from './sampleDispatches.js';
import type { TestSetup } from './testSetup.js';

const laneHeight = 26;
const nowMs = monday10Ms + 34 * minuteMs;

describeWithChromium('the timeline of the console', browser => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const open = async (setup: Partial<TestSetup> = {}, options = {}) => {
    const opened = await openConsole(
      browser(),
      served.url,
      { nowMs, dispatches: sampleDispatches(), ...setup },
      options,
    );
    await opened.page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    return opened;
  };
  const scenarios: [name: string, run: () => Promise<void>][] = [];
  const scenario = (name: string, run: () => Promise<void>) => scenarios.push([name, run]);
  /** Points at a lane, right of the present by some share of the view. */
  const pointAt = async (page: Page, lane: number, share: number) => {
    const canvas = page.locator('canvas');
    const { width = 0 } = (await canvas.boundingBox()) ?? {};
    await canvas.hover({ position: { x: width * (0.25 + share), y: lane * laneHeight + laneHeight / 2 } });
  };
  const tip = (page: Page) => page.locator('.tip');

  scenario('tells what is under the pointer, with local time and UTC, and shows what is clicked', async () => {
    await using console = await open();
    const { page } = console;
    // STAND_BY runs without end.
    await pointAt(page, 7, 0.1);
    await expect.poll(() => tip(page).textContent()).toContain('10 STAND_BY running');
    expect(await tip(page).textContent()).toContain('from2026-03-01 01:00:00 2026-03-01 00:00:00 UTCtowithout end');
    await page.locator('canvas').click({ position: { x: 300, y: 7 * laneHeight + 13 } });
    await page.getByRole('heading', { name: '10 STAND_BY' }).waitFor();
    await page.getByText('running without end').waitFor();
    expect(console.faults).toEqual([]);
  });

  scenario('is used by the keyboard alone', async () => {
    await using console = await open();
    const { page } = console;
    await page.getByRole('region', { name: /^Timeline of 9 lanes/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText(/^Lane 2 of 9: /).waitFor();
    for (const _ of Array(5)) await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('Lane 7 of 9: METER_CHECK').waitFor();
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByText(/METER_CHECK: dispatch 8 METER_CHECK, past/).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '8 METER_CHECK' }).waitFor();
    await page.keyboard.press('-');
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('button', { name: 'Now: follow' }).getAttribute('aria-pressed')).toBe('false');
    await page.keyboard.press('Home');
    expect(await page.getByRole('button', { name: 'Now: follow' }).getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('tab', { name: 'Dispatch', exact: true }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('img', { name: 'Dispatch 8: idle' }).waitFor();
    expect(console.faults).toEqual([]);
  });

  scenario('goes by the keyboard to the first lane that has a run, and says when there is none', async () => {
    const far = dispatchRecord({ id: 1, type: 'A', startTimeMs: nowMs + 100 * hourMs });
    const near = dispatchRecord({ id: 2, type: 'B', startTimeMs: nowMs + hourMs });
    await using console = await open({ dispatches: [far, near] });
    const { page } = console;
    await page.getByRole('region', { name: /^Timeline of 2 lanes/ }).focus();
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByText(/^B: dispatch 2 B, planned/).waitFor();
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByText('No later run in this lane and time.').waitFor();
    await page.keyboard.press('Shift+ArrowUp');
    await page.getByText('Lane 1 of 2: A, no run in this time').waitFor();
    for (const _ of Array(2)) await page.keyboard.press('PageDown');
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByText('No run in this time.').waitFor();
    expect(console.faults).toEqual([]);
  });

  scenario('has each time once in the table, tells how to see more rows, and what its numbers count', async () => {
    const often = dispatchRecord({ id: 1, durationMs: 1_000, recurrence: daily({ frequency: 'MINUTELY' }) });
    const elsewhere = dispatchRecord({ id: 2, type: 'A\u202eB', startTimeMs: nowMs + hourMs });
    await using console = await open({ dispatches: [often, elsewhere] });
    const { page } = console;
    await page.getByRole('button', { name: 'Table: show as text' }).click();
    await page.getByText('The first 300 rows. To see the others').waitFor();
    await page.getByLabel('Zone').selectOption('UTC');
    await expect
      .poll(() => page.getByRole('columnheader').allTextContents())
      .toEqual(['From (UTC)', 'To (UTC)', 'Dispatch', 'Components', 'State']);
    await page.getByRole('searchbox', { name: /^Search the events/ }).waitFor();
    await page.getByLabel(/^Filter/).fill('#2');
    await page.getByRole('button', { name: '2 A\\u202eB' }).click();
    await page.getByRole('heading', { name: '2 A\\u202eB' }).waitFor();
    const counters = page.locator('.counters');
    expect(await counters.textContent()).toMatch(/^dispatches2running[01]waiting[12]missed0/);
    await page.getByLabel('Time', { exact: true }).fill('900');
    await expect.poll(() => counters.textContent()).toContain('now:');
    expect(console.faults).toEqual([]);
  });

  scenario('pans and zooms by mouse, and shows any zone', async () => {
    await using console = await open();
    const { page } = console;
    const view = () =>
      page.evaluate(() => {
        const { fromMs, toMs } = (
          window as never as {
            testConsole: { actor: { getSnapshot(): { context: { view: { fromMs: number; toMs: number } } } } };
          }
        ).testConsole.actor.getSnapshot().context.view;
        return [fromMs, toMs - fromMs] as const;
      });
    const [fromMs, spanMs] = await view();
    await page.mouse.move(600, 300);
    await page.mouse.down();
    await page.mouse.move(500, 300, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await view())[0]).toBeGreaterThan(fromMs + spanMs / 20);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -600);
    await page.keyboard.up('Control');
    await expect.poll(async () => (await view())[1]).toBeLessThan(spanMs / 2);
    await page.getByRole('button', { name: 'Now: follow' }).click();
    await page.getByLabel('Zone').selectOption('Asia/Tokyo');
    await page.locator('.axis').getByText('Asia/Tokyo').waitFor();
    await pointAt(page, 7, 0);
    await expect.poll(() => tip(page).textContent()).toContain('2026-03-01 09:00:00');
    expect(console.faults).toEqual([]);
  });

  scenario(
    'follows what happens: a dispatch starts, is changed and stops, and its chart and the log tell',
    async () => {
      const dispatch = dispatchRecord({ id: 77, type: 'LIVE', startTimeMs: nowMs + hourMs, durationMs: hourMs });
      await using console = await open({ dispatches: [dispatch] });
      const { page } = console;
      await page.getByRole('button', { name: 'Table: show as text' }).click();
      await page.getByRole('button', { name: '77 LIVE' }).click();
      await page.getByRole('tab', { name: 'Its states' }).click();
      await page.getByRole('img', { name: 'Dispatch 77: idle' }).waitFor();
      const act = (change: string) => page.evaluate(`window.testConsole.transports.get(1).${change}`);
      await act(`update(77, { startTimeMs: ${nowMs} })`);
      await page.getByRole('img', { name: 'Dispatch 77: running' }).waitFor();
      await page.getByText('77 LIVE: update').first().waitFor();
      await act(`update(77, { payload: { power: 5 } })`);
      await page.getByRole('cell', { name: 'reconfigured' }).waitFor();
      await page.getByLabel('Show', { exact: true }).selectOption('changes');
      await page.getByRole('cell', { name: 'reconfigured' }).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Pause' }).click();
      await act(`delete(77)`);
      await page.getByRole('img', { name: 'Dispatch 77: deleted' }).waitFor();
      expect(await page.getByRole('cell', { name: 'deleted' }).count()).toBe(0);
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByRole('cell', { name: 'deleted' }).waitFor();
      await page.getByText('it was deleted').waitFor();
      expect(console.faults).toEqual([]);
    },
  );

  scenario('shows runs that passed while the computer slept as missed', async () => {
    const dispatch = dispatchRecord({ id: 5, startTimeMs: nowMs + 10 * minuteMs, durationMs: 20 * minuteMs });
    await using console = await open({ dispatches: [dispatch] });
    const { page } = console;
    await page.evaluate(`window.testConsole.step(${2 * hourMs})`);
    await page.getByText('5 CHARGE: 1 run passed unnoticed').waitFor();
    await page.getByRole('button', { name: 'Table: show as text' }).click();
    await page.getByRole('row', { name: /5 CHARGE 5 missed/ }).waitFor();
    expect(console.faults).toEqual([]);
  });

  scenario('goes on after the connection was lost', async () => {
    await using console = await open();
    const { page } = console;
    await page.evaluate(`window.testConsole.transports.get(1).cut()`);
    await page
      .getByText(/the stream was cut/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    expect(console.faults).toEqual([]);
  });

  scenario('looks back by the audit, and ahead by simulation', async () => {
    const gone = dispatchRecord({ id: 9, type: 'GONE', startTimeMs: nowMs - 3 * hourMs, durationMs: hourMs });
    await using console = await open({
      audit: [
        { atMs: nowMs - 5 * hourMs, before: null, after: gone },
        { atMs: nowMs - hourMs, before: gone, after: null },
      ],
    });
    const { page } = console;
    const scrubber = page.getByLabel('Time', { exact: true });
    await scrubber.fill('150');
    await page.getByText('As the audit has it: 1 versions.').waitFor();
    await page.locator('.lane-names').getByText('GONE').waitFor();
    await scrubber.fill('900');
    await page.getByText(/Simulated if nothing is changed: \d+ notifications/).waitFor();
    await page.locator('.lane-names').getByText('CHARGE', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Back to the present' }).click();
    expect(await page.getByText('Simulated').count()).toBe(0);
    expect(console.faults).toEqual([]);
  });

  scenario('saves what is in view as calendar, table and picture', async () => {
    await using console = await open();
    const { page } = console;
    const saved = async (name: string) => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name }).click();
      return readFile(await (await download).path());
    };
    const csv = (await saved('CSV: save')).toString();
    expect(csv.split('\r\n')[0]).toBe('from,to,dispatch,type,components,state,runs');
    expect(csv).toContain(
      '2026-03-02T11:00:00.000Z,2026-03-02T13:00:00.000Z,5,LIMIT_FEED_IN,INVERTER:PV,planned,1\r\n',
    );
    const entries = await readCalendar((await saved('iCalendar: save')).toString(), {});
    expect(entries.flatMap(entry => ('plan' in entry ? entry.plan.type : []))).toEqual(
      expect.arrayContaining(['CHARGE', 'DISCHARGE', 'FCR', 'STAND_BY']),
    );
    const picture = await saved('PNG: save');
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
    expect(picture.length).toBeGreaterThan(10_000);
    expect(console.faults).toEqual([]);
  });

  scenario('shows microgrids apart', async () => {
    const other = dispatchRecord({ id: 3, microgridId: 2, type: 'ELSEWHERE' });
    await using console = await open({ dispatches: [...sampleDispatches(), other] });
    const { page } = console;
    await page.getByRole('button', { name: /^Microgrid 2/ }).click();
    await page.locator('.lane-names').getByText('ELSEWHERE').waitFor();
    expect(await page.locator('.lane-names li').count()).toBe(1);
    expect(console.faults).toEqual([]);
  });

  scenario('runs no script of a dispatch, in any view', async () => {
    const script = '<img src=x onerror="window.wasRun=1"><script>window.wasRun=1</script>';
    const deep = { a: { b: { c: { d: { script, long: 'x'.repeat(49_000) } } } } };
    const dispatch: DispatchRecord = dispatchRecord({
      id: 1,
      type: script,
      payload: { [script]: script, ...deep },
      startTimeMs: nowMs - minuteMs,
      durationMs: 5 * hourMs,
    });
    await using console = await open({ dispatches: [dispatch], facts: { service: script, keyName: script } });
    const { page } = console;
    for (const lanes of ['component', 'dispatch', 'type']) {
      await page.getByLabel('Lanes by').selectOption(lanes);
      await pointAt(page, 0, 0.05);
      await tip(page).waitFor();
    }
    await page.locator('canvas').click({ position: { x: 300, y: 13 } });
    await page.getByRole('heading', { name: script }).waitFor();
    expect(await page.getByLabel('Payload').textContent()).toContain('x'.repeat(49_000));
    for (const name of ['Its states', 'Dispatcher', 'Dispatch']) {
      await page.getByRole('tab', { name, exact: true }).click();
    }
    await page.getByLabel('Search the events').fill('script');
    await page.getByRole('cell', { name: script }).first().waitFor();
    await page.getByRole('button', { name: 'Table: show as text' }).click();
    await page.getByRole('button', { name: `1 ${script}` }).waitFor();
    expect(await page.evaluate('window.wasRun')).toBeUndefined();
    expect(await page.locator('img').count()).toBe(0);
    expect(console.faults).toEqual([]);
  });

  const looks = [
    ['light', 1280],
    ['dark', 1280],
    ['dark', 390],
  ] as const;
  for (const [colorScheme, width] of looks) {
    scenario(`has no serious finding of axe, in the ${colorScheme} theme at ${width} pixels`, async () => {
      await using console = await open({}, { colorScheme, width });
      const { page } = console;
      await page.locator('canvas').click({ position: { x: 100, y: 7 * laneHeight + 13 } });
      for (const name of ['Dispatcher', 'Its states', 'Dispatch']) {
        await page.getByRole('tab', { name, exact: true }).click();
        expect(await seriousFindings(page)).toEqual([]);
      }
      await page.getByRole('tab', { name: 'Its states' }).click();
      await page.getByRole('button', { name: 'Whole chart' }).click();
      await page.getByRole('dialog').waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Table: show as text' }).click();
      expect(await seriousFindings(page)).toEqual([]);
      const isTooWide = 'document.scrollingElement.scrollWidth > innerWidth';
      expect(await page.evaluate(isTooWide)).toBe(false);
      // The width of a sheet of paper.
      await page.setViewportSize({ width: 794, height: 1_123 });
      await page.emulateMedia({ media: 'print' });
      expect(await page.evaluate(isTooWide)).toBe(false);
      expect(console.faults).toEqual([]);
    });
  }

  // A tenth of it in `npm test`: a browser takes its time.
  it.each(sampled(scenarios, 2))('%s', (_, run) => run());
});
