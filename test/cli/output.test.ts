import truncatedWidth from 'fast-string-truncated-width';
import { describe, expect, it, vi } from 'vitest';
import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import { DEFAULT_COLUMNS, dispatchColumns } from '../../src/cli/output/dispatchColumns.js';
import { dispatchLine, dispatchText, planLine, recurrenceText } from '../../src/cli/output/dispatchText.js';
import { notificationJson } from '../../src/cli/output/notificationJson.js';
import { notificationText } from '../../src/cli/output/notificationText.js';
import { rowPrinter } from '../../src/cli/output/rowPrinter.js';
import { runText } from '../../src/cli/output/runsText.js';
import { stderrLogger } from '../../src/cli/output/stderrLogger.js';
import { Dispatch } from '../../src/dispatch.js';
import { daily, dispatchRecord, hourMs, minuteMs, monday10Ms } from '../support/dispatchRecord.js';

/** What a terminal shows. */
function plain(text: string): string {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');
}

function titleOf(record: Parameters<typeof dispatchRecord>[0], nowMs: number): string {
  return plain(dispatchText(new Dispatch(dispatchRecord(record)), nowMs)).split('\n')[0] ?? '';
}

describe('the state of a dispatch', () => {
  it.each([
    ['before its start', {}, monday10Ms - 90 * minuteMs, '1 CHARGE  starts in 1h 30m'],
    ['at its start', {}, monday10Ms, '1 CHARGE  running for 30m more'],
    ['within a run', { recurrence: daily() }, monday10Ms + minuteMs, '1 CHARGE  running for 29m more'],
    ['at its end', {}, monday10Ms + 30 * minuteMs, '1 CHARGE  finished'],
    ['without an end', { durationMs: null }, monday10Ms, '1 CHARGE  running without end'],
    [
      'of a rule that reaches no time',
      { recurrence: daily({ byMonths: [2], byMonthDays: [30] }), endTimeMs: monday10Ms },
      monday10Ms,
      '1 CHARGE  never runs',
    ],
    ['inactive', { active: false, dryRun: true }, monday10Ms, '1 CHARGE  inactive, dry run'],
    [
      'with a frequency that it does not know',
      { recurrence: daily({ frequency: 77 }) },
      monday10Ms,
      '1 CHARGE  cannot be evaluated: frequency must be one of MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY, got 77',
    ],
  ])('%s is told', (_, record, nowMs, title) => expect(titleOf(record, nowMs)).toBe(title));
});

it('a dispatch that was not created has no id, and no time of its creation', () => {
  const lines = plain(dispatchText(new Dispatch(dispatchRecord({ id: 0 })), monday10Ms));
  expect(lines).toMatch(/^CHARGE {2}running/);
  expect(lines).not.toContain('created');
});

it('a rule that reaches no time has no last end', () => {
  const recurrence = daily({ byMonths: [2], byMonthDays: [30] });
  const lines = plain(dispatchText(new Dispatch(dispatchRecord({ recurrence, endTimeMs: monday10Ms })), monday10Ms));
  expect(lines).toMatch(/last end +none\n/);
});

it('the last end of a row is that of the dispatches that run', () => {
  const never = daily({ byMonths: [2], byMonthDays: [30] });
  const [idle, once, endless] = [
    { recurrence: never, endTimeMs: monday10Ms + hourMs },
    { endTimeMs: monday10Ms },
    { endTimeMs: null },
  ].map(overrides => new Dispatch(dispatchRecord(overrides))) as [Dispatch, Dispatch, Dispatch];
  const [end] = dispatchColumns(['end'], monday10Ms);
  const textOf = (...parts: Dispatch[]) => end?.text({ dispatch: idle, group: null, parts, missing: 0 });
  expect(textOf(idle)).toBe('none');
  expect(textOf(idle, once)).toBe('2026-03-02 10:00:00 UTC');
  expect(textOf(once, endless)).toBe('none');
});

/** The lines of a table of dispatches, and the names of the columns that are left out. */
function tableOf(dispatches: readonly Dispatch[], width: number | null = null, leftOut: string[] = []): string[] {
  const lines: string[] = [];
  const table = rowPrinter(dispatchColumns(DEFAULT_COLUMNS, monday10Ms), {
    width,
    print: line => lines.push(plain(line)),
    onLeftOut: names => leftOut.push(...names),
  });
  for (const dispatch of dispatches) table.print({ dispatch, group: null, parts: [dispatch], missing: 0 });
  table.end();
  return lines;
}

describe('a table', () => {
  const long = new Dispatch(
    dispatchRecord({ id: 12_345, type: '蓄電池'.repeat(8), payload: { note: 'x'.repeat(80) }, recurrence: daily() }),
  );
  const short = new Dispatch(dispatchRecord({ id: 1 }));

  it.each([40, 80, 120, 200])('fits a terminal of %d columns', width => {
    const leftOut: string[] = [];
    const lines = tableOf([short, long], width, leftOut);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(truncatedWidth(line).width).toBeLessThanOrEqual(width);
    expect(lines[0]).toMatch(/^ +ID {2}TYPE/);
    expect(leftOut.length > 0).toBe(width < 120);
    const start = lines[0]?.indexOf('START') ?? -1;
    if (start >= 0) expect(lines[1]?.slice(start, start + 4)).toBe('2026');
  });

  it('prints rows as they come once a hundred are there, and all at the end', () => {
    const lines: string[] = [];
    const table = rowPrinter([{ name: 'id', text: (n: number) => `${n}` }], {
      width: null,
      print: line => lines.push(line),
      onLeftOut: () => {},
    });
    for (let i = 1; i <= 99; i++) table.print(i);
    expect(lines).toEqual([]);
    table.print(100);
    expect(lines).toHaveLength(101);
    table.print(123_456);
    expect(lines.at(-1)).toBe('123456');
    table.end();
    expect(lines).toHaveLength(102);
  });

  it('shows rules whole where there is room', () => {
    const byMinutes = Array.from({ length: 30 }, (_, i) => 2 * i);
    const dispatch = new Dispatch(dispatchRecord({ id: 1, recurrence: daily({ frequency: 'HOURLY', byMinutes }) }));
    const rule = recurrenceText(dispatch);
    expect(rule.length).toBeGreaterThan(48);
    expect(tableOf([dispatch])[1]).toContain(rule);
    expect(tableOf([dispatch], 300)[1]).toContain(rule);
    expect(tableOf([dispatch], 120)[1]).not.toContain(rule);
  });

  it('is nothing without rows', () => expect(tableOf([])).toEqual([]));
});

describe('a line', () => {
  it('shows the beginning of a long payload', () => {
    const dispatch = new Dispatch(dispatchRecord({ payload: { a: 'x'.repeat(100_000) } }));
    for (const line of [planLine(dispatch), dispatchLine(dispatch, monday10Ms)]) {
      expect(line).toMatch(/x…/);
      expect(line.length).toBeLessThan(500);
    }
  });
});

describe('what came from elsewhere', () => {
  const esc = String.fromCharCode(27);
  const dispatch = new Dispatch(dispatchRecord({ type: `A${esc}[2J`, payload: { a: `b${esc}[2J\u009b\u202e` } }));

  it.each([
    ['text', dispatchText(dispatch, monday10Ms)],
    ['line', dispatchLine(dispatch, monday10Ms)],
    ['table', tableOf([dispatch]).join('\n')],
  ])('cannot steer the terminal: %s', (_, text) => {
    expect(text).toContain('A\\u001b[2J');
    expect(text).toContain('b\\u001b[2J\\u009b\\u202e');
    expect(plain(text).includes(esc)).toBe(false);
  });
});

const missed: RunNotification = {
  type: 'run.missed',
  dispatch: dispatchRecord({ recurrence: daily({ frequency: 'HOURLY' }) }),
  run: { startMs: monday10Ms + hourMs, endMs: monday10Ms + hourMs + 30 * minuteMs },
  atMs: monday10Ms,
  lateMs: 2 * hourMs,
  cause: 'schedule',
  count: 2,
  more: false,
  firstMs: monday10Ms,
  lastMs: monday10Ms + hourMs,
};

describe('a run', () => {
  const run = { startMs: monday10Ms, endMs: monday10Ms + hourMs };

  it('is told in UTC and in the zone, once where they are the same', () => {
    const berlin = 'Mon 2026-03-02 11:00:00 CET   until Mon 2026-03-02 12:00:00 CET';
    expect(runText(run, 'Europe/Berlin')).toBe(`2026-03-02 10:00:00 UTC   ${berlin}`);
    expect(runText(run, 'UTC')).toBe('Mon 2026-03-02 10:00:00 UTC   until Mon 2026-03-02 11:00:00 UTC');
    expect(runText({ ...run, endMs: null }, 'UTC')).toBe('Mon 2026-03-02 10:00:00 UTC   without end');
  });
});

describe('a notification', () => {
  it('of missed runs tells which', () => {
    expect(plain(notificationText(missed))).toBe(
      '12:00:00.000  missed        1 CHARGE  2 runs passed unnoticed, from 2026-03-02 10:00:00 UTC to 2026-03-02 11:00:00 UTC',
    );
    expect(notificationJson(missed)).toEqual({
      notification: 'run.missed',
      id: 1,
      type: 'CHARGE',
      atMs: monday10Ms,
      lateMs: 2 * hourMs,
      cause: 'schedule',
      run: missed.run,
      selector: missed.dispatch.selector,
      payload: {},
      dryRun: false,
      count: 2,
      more: false,
      firstMs: monday10Ms,
      lastMs: monday10Ms + hourMs,
    });
  });

  it('tells how late it is, and the day of an end that is another one', () => {
    const run = { startMs: monday10Ms, endMs: monday10Ms + 24 * hourMs };
    const dispatch = dispatchRecord({ payload: { kw: 5 }, dryRun: true });
    const started = {
      type: 'running.started',
      dispatch,
      run,
      atMs: monday10Ms,
      lateMs: 1_500,
      cause: 'schedule',
    } as const;
    expect(plain(notificationText(started))).toBe(
      '10:00:01.500  started       1 CHARGE  by schedule, 1.5s late, until 2026-03-03 10:00:00 UTC, components 5 {"kw":5}, dry run',
    );
  });
});

describe('what is logged in a terminal', () => {
  it('is a line for each entry from the level on, with its fields, without control characters', () => {
    const written: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation(text => {
      written.push(String(text));
      return true;
    });
    const logger = stderrLogger('info');
    logger.debug({}, 'not this');
    logger.info({ address: 'grpc://[::1]:1?ssl=false', port: 1 }, 'the service listens');
    logger.warn({ reason: 'two\nlines "quoted"', err: new Error('it broke') }, 'call');
    spy.mockRestore();
    expect(written).toEqual([
      'info: the service listens address=grpc://[::1]:1?ssl=false port=1\n',
      'warning: call reason="two\\nlines \\"quoted\\"" err="it broke"\n',
    ]);
  });
});
