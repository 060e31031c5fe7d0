import { describe, expect, it } from 'vitest';
import { findOverlaps } from '../../src/planning/findOverlaps.js';
import { ignoredFields, lastEndMs, planNotes } from '../../src/planning/planNotes.js';
import { parseTimeZone } from '../../src/planning/text/parseTimeZone.js';
import { zonedTimeText } from '../../src/planning/zonedTimeText.js';
import { daily, dispatchRecord, hourMs, minuteMs, monday10Ms } from '../support/dispatchRecord.js';

const monthly = daily({ frequency: 'MONTHLY' });
const on = (text: string) => ({ startTimeMs: Date.parse(`${text}T10:00Z`) });

describe('what may surprise about a plan', () => {
  it.each([
    ['nothing of a single run', {}, []],
    ['nothing of a daily run', { recurrence: daily() }, []],
    ['that it ends at once', { durationMs: 0 }, ['Its runs end at the moment when they start: the duration is 0.']],
    [
      'that a rule without a duration is ignored',
      { durationMs: null, recurrence: daily() },
      ['The rule is ignored: without a duration it runs once, without end.'],
    ],
    [
      'that the first run is not the start',
      { recurrence: daily({ byHours: [12] }) },
      ['The first run starts at 2026-03-02 12:00:00 UTC, not at the start time.'],
    ],
    [
      'that it ends before it begins',
      { recurrence: daily({ untilMs: monday10Ms - 1 }) },
      ['It never runs: the rule reaches no time before it ends.'],
    ],
    [
      '30 February',
      { recurrence: daily({ frequency: 'YEARLY', byMonths: [2], byMonthDays: [30] }) },
      ['It never runs: the rule reaches no time before it ends.'],
    ],
    [
      'months that are too short, by the start',
      { ...on('2026-01-31'), recurrence: monthly },
      ['Months without day 31 are skipped; -1 is the last day of each month.'],
    ],
    [
      'months that are too short, by the rule',
      { ...on('2026-01-29'), recurrence: { ...monthly, byMonthDays: [29, 30] } },
      ['Months without day 29 or 30 are skipped; -1 is the last day of each month.'],
    ],
    ['nothing of the last day', { ...on('2026-01-31'), recurrence: { ...monthly, byMonthDays: [31, -1] } }, []],
    [
      'a rule that cannot be evaluated',
      { recurrence: daily({ interval: 0 }) },
      [expect.stringMatching(/^Its rule cannot be evaluated: interval must be/)],
    ],
  ] as const)('tells %s', (_, overrides, notes) => {
    expect(planNotes(dispatchRecord(overrides))).toEqual(notes);
  });
});

describe('the last end of a plan', () => {
  it.each([
    ['of a single run', {}, 30],
    ['of none without an end', { durationMs: null }, null],
    ['of the last of several runs', { recurrence: daily({ count: 3 }) }, 2 * 24 * 60 + 30],
    ['of none of an endless rule', { recurrence: daily() }, null],
    ['of the start of one that never runs', { recurrence: daily({ untilMs: monday10Ms - 1 }) }, 0],
    ['of none of a rule that cannot be evaluated', { recurrence: daily({ interval: 0, count: 1 }) }, null],
    [
      'of the start of one whose endless rule never runs',
      { recurrence: daily({ byMonthDays: [30], byMonths: [2] }) },
      0,
    ],
  ] as const)('is that %s', (_, overrides, minutes) => {
    expect(lastEndMs(dispatchRecord(overrides))).toBe(minutes === null ? null : monday10Ms + minutes * minuteMs);
  });
});

describe('an answer that is not what was asked', () => {
  const answer = dispatchRecord({ recurrence: daily({ byHours: [8, 17] }), payload: { a: 1, b: [2] } });

  it('is told by the names of the fields', () => {
    const asked = { type: 'OTHER', durationMs: null, payload: { a: 1 }, active: false, dryRun: true };
    expect(ignoredFields(asked, answer)).toEqual(['type', 'duration', 'payload', 'active', 'dry run']);
    expect(
      ignoredFields({ recurrence: null, selector: { ids: [9] }, startTimeMs: monday10Ms + 1_000 }, answer),
    ).toEqual(['recurrence', 'target', 'start time']);
  });

  it('does not depend on order, nor on what is the default', () => {
    const recurrence = { ...daily({ byHours: [17, 8], byMonths: [] }) };
    const { selector, startTimeMs } = answer;
    expect(
      ignoredFields({ recurrence, payload: { b: [2], a: 1 }, selector, startTimeMs: startTimeMs + 400 }, answer),
    ).toEqual([]);
    expect(ignoredFields({}, answer)).toEqual([]);
  });
});

describe('overlaps', () => {
  const at = (hours: number) => monday10Ms + hours * hourMs;
  const one = dispatchRecord({ id: 1, startTimeMs: at(0), durationMs: 2 * hourMs, selector: { ids: [1, 2] } });
  const find = (...others: Parameters<typeof dispatchRecord>[0][]) =>
    [...findOverlaps([one, ...others.map((other, i) => dispatchRecord({ id: i + 2, ...other }))], at(0), at(48))].map(
      ({ first, second, run }) => [
        first.id,
        second.id,
        (run.startMs - at(0)) / minuteMs,
        run.endMs && (run.endMs - at(0)) / minuteMs,
      ],
    );

  it('are of the same component at the same time', () => {
    expect(find({ startTimeMs: at(1), durationMs: 2 * hourMs, selector: { ids: [2, 3] } })).toEqual([[1, 2, 60, 120]]);
    expect(find({ startTimeMs: at(1), selector: { ids: [3] } })).toEqual([]);
    expect(find({ startTimeMs: at(2), selector: { ids: [1] } })).toEqual([]);
    expect(find({ startTimeMs: at(1), active: false, selector: { ids: [1] } })).toEqual([]);
  });

  it('are of each run, also one without an end', () => {
    const hourly = { startTimeMs: at(-1), durationMs: 10 * minuteMs, recurrence: daily({ frequency: 'HOURLY' }) };
    expect(find({ ...hourly, selector: { ids: [1] } })).toEqual([
      [1, 2, 0, 10],
      [1, 2, 60, 70],
    ]);
    expect(find({ startTimeMs: at(-5), durationMs: null, selector: { ids: [1] } })).toEqual([[2, 1, 0, 120]]);
  });

  it('are found as they are asked for, however far they reach', () => {
    const minutely = { startTimeMs: at(0), durationMs: minuteMs, recurrence: daily({ frequency: 'MINUTELY' }) };
    const records = [1, 2].map(id => dispatchRecord({ id, ...minutely, selector: { ids: [1] } }));
    const [first] = findOverlaps(records, at(0), at(24 * 365 * 100));
    expect(first).toMatchObject({ first: { id: 1 }, second: { id: 2 }, run: { startMs: at(0) } });
    expect([...findOverlaps(records, at(0), at(25))]).toHaveLength(25 * 60);
  });

  it('are of real runs, or of dry runs, not of both', () => {
    expect(find({ startTimeMs: at(1), dryRun: true, selector: { ids: [1] } })).toEqual([]);
  });

  it('are of ids and categories, which may mean the same', () => {
    expect(find({ startTimeMs: at(1), selector: { categories: [{ category: 'BATTERY' }] } })).toHaveLength(1);
  });

  it('leave aside runs of no duration and rules that are invalid', () => {
    expect(
      find(
        { startTimeMs: at(1), durationMs: 0, selector: { ids: [1] } },
        { startTimeMs: at(1), selector: { ids: [7] } },
      ),
    ).toEqual([[1, 2, 60, 60]]);
    expect(find({ recurrence: daily({ interval: 0 }), selector: { ids: [1] } })).toEqual([]);
  });
});

describe('local times', () => {
  it('name their zone, before and after a change of the clock', () => {
    expect(zonedTimeText(Date.parse('2026-03-29T00:59:59Z'), 'Europe/Berlin')).toBe('Sun 2026-03-29 01:59:59 CET');
    expect(zonedTimeText(Date.parse('2026-03-29T01:00Z'), 'Europe/Berlin')).toBe('Sun 2026-03-29 03:00:00 CEST');
  });

  it('take names and offsets of zones, and refuse abbreviations with the name that was probably meant', () => {
    expect(['Europe/Berlin', 'europe/berlin', 'UTC', 'GMT', '+02:00'].map(parseTimeZone)).toEqual([
      'Europe/Berlin',
      'Europe/Berlin',
      'UTC',
      'UTC',
      'Etc/GMT-2',
    ]);
    expect(() => parseTimeZone('CEST')).toThrow('CEST is ambiguous; use the name of the zone, such as Europe/Berlin.');
    expect(() => parseTimeZone('Berlin')).toThrow('such as Europe/Berlin, UTC or, in whole hours, +02:00.');
  });
});
