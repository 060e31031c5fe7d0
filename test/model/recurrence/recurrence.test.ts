import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { occurrences } from '../../../src/model/recurrence/recurrence.js';
import type { RecurrenceRule } from '../../../src/model/recurrence/recurrenceRule.js';
import { ruleArbitrary } from '../../../src/testing/ruleArbitrary.js';
import { isOccurrence } from '../../support/bruteForceRule.js';
import { countWork } from '../../support/countWork.js';
import { readRuleCases } from '../../support/ruleVectors.js';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const YEAR = 365.2425 * DAY;
const YEAR_1 = -62_135_596_800_000;
const YEAR_9999_END = 253_402_300_799_999;

const startTime = fc
  .date({ min: new Date(Date.UTC(1890, 0)), max: new Date(Date.UTC(2110, 0)), noInvalidDate: true })
  .map(date => date.getTime());
/** Rules that have occurrences within a few years, with their start. */
const denseRule = ruleArbitrary({
  maxInterval: 40,
  maxCount: 200,
  weeklyMonthDays: true,
  untilMs: { min: 0, max: 4e12 },
});
const anyRule = ruleArbitrary({ weeklyMonthDays: true });

describe('occurrences, against python-dateutil', () => {
  const cases = readRuleCases();

  it('answers every query', () => {
    const wrong = cases.flatMap(({ rule, startMs, queries }) => {
      const calculator = occurrences(rule, startMs);
      return queries
        .map(query => ({ rule, startMs, ...query, actual: calculator[query.op](query.tMs, query.inclusive) }))
        .filter(({ actual, expected }) => actual !== expected);
    });
    expect(wrong).toEqual([]);
    expect(cases).toHaveLength(4650);
  });

  it('begins with the same occurrences', () => {
    const wrong = cases.filter(({ rule, startMs, first }) => {
      const own = listFrom(rule, startMs, first.length + 1);
      const next = own[first.length];
      // The oracle gave up a thousand years after the start.
      const complete = first.length === 3 || next === undefined || next > startMs + 1000 * YEAR;
      return !complete || first.some((tMs, index) => tMs !== own[index]);
    });
    expect(wrong).toEqual([]);
  });

  it('finds nothing in rules that cannot match', () => {
    const refused = cases.filter(({ impossible }) => impossible);
    expect(refused).toHaveLength(101);
    for (const { rule, startMs } of refused) {
      expect(occurrences(rule, startMs).after(-Infinity)).toBeNull();
      expect(occurrences(rule, startMs).before(Infinity)).toBeNull();
    }
  });
});

describe('occurrences', () => {
  it('takes the start itself only when it matches', () => {
    const start = Date.UTC(2026, 0, 1, 9, 30);
    expect(occurrences({ frequency: 'DAILY', interval: 1 }, start).after(start)).toBe(start);
    expect(occurrences({ frequency: 'DAILY', interval: 1, byHours: [8] }, start).after(start)).toBe(
      Date.UTC(2026, 0, 2, 8, 30),
    );
  });

  it('cuts the start to the second and takes instants with milliseconds as they are', () => {
    const start = Date.UTC(2026, 0, 1, 9, 30, 15);
    const daily = occurrences({ frequency: 'DAILY', interval: 1 }, start + 999);
    expect(daily.after(start)).toBe(start);
    expect(daily.after(start + 1)).toBe(start + DAY);
    expect(daily.before(start + DAY - 1)).toBe(start);
  });

  it('takes an empty list for none', () => {
    const start = Date.UTC(2026, 0, 31, 9, 30);
    const empty = { byMinutes: [], byHours: [], byWeekdays: [], byMonthDays: [], byMonths: [] };
    expect(listFrom({ frequency: 'MONTHLY', interval: 1, ...empty }, start, 3)).toEqual([
      start,
      Date.UTC(2026, 2, 31, 9, 30),
      Date.UTC(2026, 4, 31, 9, 30),
    ]);
  });

  it('counts an occurrence at untilMs in', () => {
    const start = Date.UTC(2026, 0, 1);
    const rule: RecurrenceRule = { frequency: 'DAILY', interval: 1, untilMs: start + 2 * DAY };
    expect(occurrences(rule, start).before(Infinity)).toBe(start + 2 * DAY);
    expect(occurrences({ ...rule, untilMs: start + 2 * DAY - 1 }, start).before(Infinity)).toBe(start + DAY);
    expect(occurrences({ ...rule, untilMs: start - 1 }, start).after(-Infinity)).toBeNull();
  });

  it('works from the year 1 to the end of the year 9999', () => {
    expect(listFrom({ frequency: 'YEARLY', interval: 1, byMonths: [2], byMonthDays: [29] }, YEAR_1, 1)).toEqual([
      new Date('0004-02-29T00:00:00Z').getTime(),
    ]);
    const minutely = occurrences({ frequency: 'MINUTELY', interval: 1 }, YEAR_1 + 59_999);
    expect(minutely.after(-Infinity)).toBe(YEAR_1 + 59_000);
    expect(minutely.before(Infinity)).toBe(YEAR_9999_END - 999);
    expect(minutely.after(YEAR_9999_END)).toBeNull();
    const weekly = occurrences({ frequency: 'WEEKLY', interval: 2, byWeekdays: ['SUNDAY'] }, YEAR_9999_END - 20 * DAY);
    expect(weekly.before(Infinity)).toBe(new Date('9999-12-26T23:59:59Z').getTime());
  });

  it.each<[string, RecurrenceRule]>([
    ['30 February', { frequency: 'DAILY', interval: 1, byMonths: [2], byMonthDays: [30] }],
    ['the 31st last day of an April', { frequency: 'YEARLY', interval: 1, byMonths: [4], byMonthDays: [-31] }],
    ['a month out of step', { frequency: 'MONTHLY', interval: 12, byMonths: [2] }],
    ['an hour out of step', { frequency: 'HOURLY', interval: 2, byHours: [1] }],
    ['a minute out of step', { frequency: 'MINUTELY', interval: 1440, byMinutes: [1] }],
    ['a weekday out of step', { frequency: 'DAILY', interval: 7, byWeekdays: ['FRIDAY'] }],
    ['a count of none', { frequency: 'DAILY', interval: 1, count: 0 }],
    ['a leap day in odd years', { frequency: 'YEARLY', interval: 2, byMonths: [2], byMonthDays: [29] }],
  ])('has no occurrence: %s', (_, rule) => {
    const calculator = occurrences(rule, Date.UTC(2025, 0, 1));
    expect(calculator.after(-Infinity)).toBeNull();
    expect(calculator.before(Infinity)).toBeNull();
  });

  const DAILY: RecurrenceRule = { frequency: 'DAILY', interval: 1 };
  it.each<[string, RecurrenceRule, string]>([
    ['an unknown frequency', { ...DAILY, frequency: 7 }, 'frequency must be one of MINUTELY, '],
    ['interval 0', { ...DAILY, interval: 0 }, 'interval must be an integer of 1 or more, got 0'],
    ['half an interval', { ...DAILY, interval: 1.5 }, 'interval must be an integer of 1 or more, got 1.5'],
    ['an interval that is no number', { ...DAILY, interval: Number.NaN }, 'interval must be an integer'],
    ['count -1', { ...DAILY, count: -1 }, 'count must be an integer of 0 or more, got -1'],
    ['two ends', { ...DAILY, count: 2, untilMs: 0 }, 'untilMs must not be given together with count'],
    ['an infinite untilMs', { ...DAILY, untilMs: Infinity }, 'untilMs must be a finite number'],
    ['minute 60', { ...DAILY, byMinutes: [0, 60] }, 'byMinutes must be integers from 0 to 59, got 60'],
    ['hour 24', { ...DAILY, byHours: [24] }, 'byHours must be integers from 0 to 23, got 24'],
    ['hour -1', { ...DAILY, byHours: [-1] }, 'byHours must be integers from 0 to 23, got -1'],
    ['an unknown weekday', { ...DAILY, byWeekdays: [0] }, 'byWeekdays must be names from MONDAY to SUNDAY, got 0'],
    [
      'month day 0',
      { ...DAILY, byMonthDays: [0] },
      'byMonthDays must be integers from 1 to 31 or from -31 to -1, got 0',
    ],
    ['month day 32', { ...DAILY, byMonthDays: [32] }, 'byMonthDays must be integers'],
    ['month day -32', { ...DAILY, byMonthDays: [-32] }, 'byMonthDays must be integers'],
    ['month 13', { ...DAILY, byMonths: [13] }, 'byMonths must be integers from 1 to 12, got 13'],
  ])('rejects %s by name', (_, rule, message) => {
    expect(() => occurrences(rule, 0)).toThrow(RangeError);
    expect(() => occurrences(rule, 0)).toThrow(message);
  });

  it.each([Number.NaN, Infinity, -Infinity, YEAR_1 - 1, YEAR_9999_END + 1])('rejects the start time %d', startMs => {
    expect(() => occurrences(DAILY, startMs)).toThrow(
      'startTimeMs must be milliseconds since the epoch within the years 1 to 9999',
    );
  });

  it('rejects an instant that is not a number, also when nothing can match', () => {
    const never: RecurrenceRule = { ...DAILY, byMonths: [2], byMonthDays: [30] };
    for (const rule of [DAILY, never]) {
      expect(() => occurrences(rule, 0).after(Number.NaN)).toThrow(RangeError);
      expect(() => occurrences(rule, 0).before(Number.NaN)).toThrow(RangeError);
    }
  });
});

describe('occurrences, for any rule', () => {
  it('are exactly the minutes that match the rule', () => {
    const anyOffset = fc.oneof(fc.constant(-3 * DAY), fc.integer({ min: 0, max: 3 * 366 * DAY }));
    fc.assert(
      fc.property(denseRule, startTime, anyOffset, ({ count: _, ...rule }, startMs, offset) => {
        const calculator = occurrences(rule, startMs);
        // The window lies around an occurrence, if there is one, for most windows of a rare rule are empty.
        const middle = calculator.after(startMs + offset) ?? startMs + offset;
        const fromMs = Math.floor((middle - 2 * DAY) / DAY) * DAY;
        const toMs = fromMs + 5 * DAY;
        const expected = [];
        for (let tMs = fromMs + secondOf(startMs); tMs < toMs; tMs += MINUTE) {
          if (isOccurrence(rule, startMs, tMs)) expected.push(tMs);
        }
        expect(listFrom(rule, startMs, expected.length + 1, fromMs).filter(tMs => tMs < toMs)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('come in the same order from both ends', () => {
    fc.assert(
      fc.property(anyRule, startTime, fc.integer({ min: 0, max: 100 * 366 * DAY }), (rule, startMs, offset) => {
        const calculator = occurrences(rule, startMs);
        const tMs = startMs + offset;
        const next = calculator.after(tMs, false);
        const previous = calculator.before(tMs);
        if (next !== null) {
          expect(next).toBeGreaterThan(tMs);
          expect(calculator.after(next)).toBe(next);
          expect(calculator.before(next)).toBe(next);
          expect(calculator.before(next, false)).toBe(previous);
        }
        if (previous !== null) {
          expect(previous).toBeLessThanOrEqual(tMs);
          expect(previous).toBeGreaterThanOrEqual(Math.floor(startMs / 1000) * 1000);
          expect(calculator.before(previous)).toBe(previous);
          expect(calculator.after(previous)).toBe(previous);
          expect(calculator.after(previous, false)).toBe(next);
        }
        expect(calculator.after(tMs)).toBe(previous === tMs ? tMs : next);
      }),
      { numRuns: 3000 },
    );
  });

  it('never go backwards as the instant moves on', () => {
    const offset = fc.integer({ min: -DAY, max: 50 * 366 * DAY });
    fc.assert(
      fc.property(anyRule, startTime, offset, offset, (rule, startMs, a, b) => {
        const calculator = occurrences(rule, startMs);
        const [early, late] = [startMs + Math.min(a, b), startMs + Math.max(a, b)];
        expect(calculator.after(early) ?? Infinity).toBeLessThanOrEqual(calculator.after(late) ?? Infinity);
        expect(calculator.before(early) ?? -Infinity).toBeLessThanOrEqual(calculator.before(late) ?? -Infinity);
      }),
      { numRuns: 2000 },
    );
  });

  it('are as many as count says, whichever question is asked first', () => {
    const endless = denseRule.map(({ count: _, untilMs: __, ...rule }): RecurrenceRule => rule);
    fc.assert(
      fc.property(endless, startTime, fc.integer({ min: 1, max: 60 }), (rule, startMs, count) => {
        const expected = listFrom(rule, startMs, count);
        expect(listFrom({ ...rule, count }, startMs, count + 1)).toEqual(expected);
        const last = expected.at(-1) ?? null;
        expect(occurrences({ ...rule, count }, startMs).before(Infinity)).toBe(last);
        if (last === null || expected.length < count) return;
        expect(occurrences({ ...rule, count }, startMs).after(last, false)).toBeNull();
        expect(occurrences({ ...rule, count }, startMs).before(last, false)).toBe(expected.at(-2) ?? null);
      }),
      { numRuns: 500 },
    );
  });

  it('end at untilMs', () => {
    fc.assert(
      fc.property(denseRule, startTime, fc.nat(10 * 366 * DAY), ({ count: _, ...rule }, startMs, offset) => {
        const untilMs = startMs + offset;
        const endless = { ...rule, untilMs: Date.UTC(9000, 0) };
        const last = occurrences(endless, startMs).before(untilMs);
        expect(occurrences({ ...rule, untilMs }, startMs).before(Infinity)).toBe(last);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the work of a search', () => {
  const start = Date.UTC(2024, 0, 1, 0, 3);
  const instants = [-Infinity, start, Date.UTC(2025, 5), Date.UTC(2400, 5), YEAR_9999_END, Infinity];
  const leapMonday: Partial<RecurrenceRule> = { byMonths: [2], byMonthDays: [29], byWeekdays: ['MONDAY'] };
  const friday13th: Partial<RecurrenceRule> = { byMonthDays: [13], byWeekdays: ['FRIDAY'] };
  const at1410: Partial<RecurrenceRule> = { byHours: [14], byMinutes: [10] };

  it.each<[string, RecurrenceRule]>([
    [
      'a time that comes round on other weekdays',
      { frequency: 'MINUTELY', interval: 7, ...at1410, byWeekdays: ['MONDAY', 'FRIDAY'] },
    ],
    ['a time that comes round once in 1439 days', { frequency: 'MINUTELY', interval: 1439, ...at1410, ...friday13th }],
    ['a time that comes round once in 9973 days', { frequency: 'MINUTELY', interval: 9973, ...at1410, ...friday13th }],
    ['a time out of step with a leap Monday', { frequency: 'MINUTELY', interval: 61, ...at1410, ...leapMonday }],
    ['a long interval and one month', { frequency: 'MINUTELY', interval: 10_000, byMonths: [2] }],
    ['27 days and leap Mondays', { frequency: 'HOURLY', interval: 24 * 27, ...leapMonday }],
    [
      '9 days and New Year on a Monday',
      { frequency: 'DAILY', interval: 9, ...leapMonday, byMonths: [1], byMonthDays: [1] },
    ],
    ['773 days, which divide the 400 years of the calendar', { frequency: 'DAILY', interval: 773, ...leapMonday }],
    ['27 weeks, which divide them too', { frequency: 'WEEKLY', interval: 27, ...leapMonday }],
    ['years that are never leap years', { frequency: 'YEARLY', interval: 200, ...leapMonday }],
    ['a month that is never reached', { frequency: 'MONTHLY', interval: 12, byMonths: [2] }],
    ['4096 leap days', { frequency: 'DAILY', interval: 1, count: 4096, byMonths: [2], byMonthDays: [29] }],
    ['more minutes than there are', { frequency: 'MINUTELY', interval: 1, count: 4_294_967_295, byHours: [8] }],
    ['the longest interval', { frequency: 'DAILY', interval: Number.MAX_SAFE_INTEGER, ...friday13th }],
    ['the longest interval of weeks', { frequency: 'WEEKLY', interval: Number.MAX_SAFE_INTEGER, ...friday13th }],
    ['the longest interval of months', { frequency: 'MONTHLY', interval: Number.MAX_SAFE_INTEGER, byMonths: [2, 3] }],
  ])('is bounded for %s', (_, rule) => {
    for (const tMs of instants) {
      expect(countWork(() => occurrences(rule, start).after(tMs))).toBeLessThan(100_000);
      // Counting to an end that far off is by far the longest of all.
      const toTheEnd = rule.count !== undefined && tMs > Date.UTC(2400, 0);
      if (!toTheEnd) expect(countWork(() => occurrences(rule, start).before(tMs))).toBeLessThan(100_000);
    }
  });

  it('is bounded for any rule', () => {
    fc.assert(
      fc.property(anyRule, startTime, fc.constantFrom(...instants), (rule, startMs, tMs) => {
        expect(countWork(() => occurrences(rule, startMs).after(tMs))).toBeLessThan(1_000_000);
        expect(countWork(() => occurrences(rule, startMs).before(tMs))).toBeLessThan(1_000_000);
      }),
      { numRuns: 3000 },
    );
  });

  it.each<RecurrenceRule>([
    { frequency: 'MINUTELY', interval: 15, byHours: [8, 17] },
    { frequency: 'HOURLY', interval: 5 },
    { frequency: 'DAILY', interval: 3, byHours: [8, 17] },
    { frequency: 'WEEKLY', interval: 2, byWeekdays: ['MONDAY', 'FRIDAY'] },
    { frequency: 'MONTHLY', interval: 1, byMonthDays: [-1] },
    { frequency: 'YEARLY', interval: 1, byMonths: [6] },
  ])('does not grow with the age of a $frequency rule', rule => {
    const work = (ageDays: number) => {
      const calculator = occurrences(rule, start);
      return countWork(() => [calculator.after(start + ageDays * DAY), calculator.before(start + ageDays * DAY)]);
    };
    for (const ageDays of [1, 365, 3652, 36_525, 1_000_000]) expect(work(ageDays)).toBeLessThan(60);
  });
});

/** The first `limit` occurrences at or after `fromMs`. */
function listFrom(rule: RecurrenceRule, startMs: number, limit: number, fromMs = -Infinity): number[] {
  const calculator = occurrences(rule, startMs);
  const list: number[] = [];
  for (let tMs = calculator.after(fromMs); tMs !== null && list.length < limit; tMs = calculator.after(tMs, false)) {
    list.push(tMs);
  }
  return list;
}

function secondOf(tMs: number): number {
  return (((Math.floor(tMs / 1000) % 60) + 60) % 60) * 1000;
}
