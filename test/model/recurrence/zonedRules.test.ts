import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { instantOf, offsetAt, offsetChanges } from '../../../src/model/recurrence/localTime.js';
import type { RecurrenceRule } from '../../../src/model/recurrence/recurrenceRule.js';
import { ruleToText } from '../../../src/model/recurrence/ruleText.js';
import { type ZonedRule, zonedRules } from '../../../src/model/recurrence/zonedRules.js';
import { allOccurrences, ZONES, zonedCase } from '../../support/zonedCases.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Case {
  readonly rule: Partial<RecurrenceRule>;
  readonly start: string;
  readonly until: string;
  readonly zone: string;
}

function rulesOf({ rule, start, until, zone }: Case): ZonedRule[] {
  return zonedRules({ frequency: 'DAILY', interval: 1, ...rule }, Date.parse(start), zone, Date.parse(until));
}

/** Each rule in words after its start. */
function texts(zoned: Case): string[] {
  return rulesOf(zoned).map(
    ({ startTimeMs, rule }) => `${new Date(startTimeMs).toISOString().slice(0, 16)} ${ruleToText(rule)}`,
  );
}

function starts(zoned: Case): string[] {
  return allOccurrences(rulesOf(zoned)).map(ms => new Date(ms).toISOString().slice(0, 16));
}

const berlinYear = { zone: 'Europe/Berlin', start: '2026-12-01T00:00Z', until: '2027-11-30T00:00Z' };

describe('zonedRules', () => {
  it('makes one rule for each stretch between two changes of the clock', () => {
    expect(texts({ ...berlinYear, rule: { byHours: [8], byMinutes: [0] } })).toEqual([
      '2026-12-01T07:00 every day at 07:00 UTC, until 2027-03-27 07:00 UTC',
      '2027-03-28T06:00 every day at 06:00 UTC, until 2027-10-30 06:00 UTC',
      '2027-10-31T07:00 every day at 07:00 UTC, until 2027-11-29 07:00 UTC',
    ]);
  });

  it('makes another rule for weekdays that are another day in UTC, and for a day in another week', () => {
    const rule = {
      frequency: 'WEEKLY',
      interval: 2,
      byWeekdays: ['MONDAY', 'FRIDAY'],
      byHours: [0],
      byMinutes: [30],
    } as const;
    expect(texts({ ...berlinYear, rule, until: '2027-03-01T00:00Z' })).toEqual([
      '2026-12-03T23:30 every 2 weeks on Thursday at 23:30 UTC, until 2027-02-25 23:30 UTC',
      '2026-12-13T23:30 every 2 weeks on Sunday at 23:30 UTC, until 2027-02-21 23:30 UTC',
    ]);
  });

  it('makes another rule for the minutes of another hour', () => {
    expect(
      texts({
        rule: { byHours: [8, 9], byMinutes: [0, 45] },
        start: '2027-01-01T00:00Z',
        until: '2027-12-31T00:00Z',
        zone: 'Asia/Kolkata',
      }),
    ).toEqual([
      '2027-01-01T02:30 every day at 02:30 and 03:30 UTC, until 2027-12-30 03:30 UTC',
      '2027-01-01T03:15 every day at 03:15 and 04:15 UTC, until 2027-12-30 04:15 UTC',
    ]);
  });

  it('takes the day before the first of a month for the last one', () => {
    const rule = { frequency: 'MONTHLY', byMonthDays: [1], byHours: [0], byMinutes: [30] } as const;
    expect(texts({ ...berlinYear, rule, until: '2027-03-02T00:00Z' })).toEqual([
      '2026-12-31T23:30 every month on the last day at 23:30 UTC, until 2027-02-28 23:30 UTC',
    ]);
  });

  it('makes a rule of its own for a day that no list of days reaches', () => {
    const rule = { frequency: 'MONTHLY', byMonthDays: [29], byHours: [0], byMinutes: [30] } as const;
    const zoned = { zone: 'Asia/Kolkata', start: '2027-01-01T00:00Z', until: '2029-04-01T00:00Z', rule };
    expect(rulesOf(zoned)).toHaveLength(2);
    expect(starts(zoned).filter(start => start.slice(5, 7) === '02')).toEqual(['2028-02-28T19:00']);
  });

  it('gives a skipped time the offset before the gap, and a repeated one its first', () => {
    const rule = { byHours: [2], byMinutes: [30] };
    expect(starts({ ...berlinYear, rule, start: '2027-03-27T00:00Z', until: '2027-03-29T12:00Z' })).toEqual([
      '2027-03-27T01:30',
      '2027-03-28T01:30',
      '2027-03-29T00:30',
    ]);
    expect(starts({ ...berlinYear, rule, start: '2027-10-30T00:00Z', until: '2027-11-01T12:00Z' })).toEqual([
      '2027-10-30T00:30',
      '2027-10-31T00:30',
      '2027-11-01T01:30',
    ]);
  });

  it('begins with a skipped time when the start is the instant that it gets', () => {
    const rule = { byHours: [2], byMinutes: [30] };
    const gap = { ...berlinYear, rule, start: '2027-03-28T01:30Z', until: '2027-03-30T12:00Z' };
    expect(starts(gap)).toEqual(['2027-03-28T01:30', '2027-03-29T00:30', '2027-03-30T00:30']);
    expect(starts({ ...gap, start: '2027-03-28T01:31Z' })).toEqual(['2027-03-29T00:30', '2027-03-30T00:30']);
  });

  it('runs once where a skipped time falls on another run', () => {
    const rule = { byHours: [2, 3], byMinutes: [30] };
    expect(starts({ ...berlinYear, rule, start: '2027-03-28T00:00Z', until: '2027-03-28T12:00Z' })).toEqual([
      '2027-03-28T01:30',
    ]);
    const troll = {
      zone: 'Antarctica/Troll',
      start: '2027-03-27T23:00Z',
      until: '2027-03-28T12:00Z',
      rule: { byHours: [1, 2, 3] },
    };
    expect(starts(troll)).toEqual(['2027-03-28T01:00', '2027-03-28T02:00']);
  });

  it('rewrites hours and minutes as daily', () => {
    expect(texts({ ...berlinYear, rule: { frequency: 'HOURLY', interval: 6 }, until: '2026-12-31T00:00Z' })).toEqual([
      '2026-12-01T00:00 every day at 00:00, 06:00, 12:00 and 18:00 UTC, until 2026-12-31 00:00 UTC',
    ]);
    expect(
      starts({ ...berlinYear, rule: { frequency: 'MINUTELY', interval: 90 }, until: '2026-12-01T04:00Z' }),
    ).toEqual(['2026-12-01T00:00', '2026-12-01T01:30', '2026-12-01T03:00']);
    expect(
      starts({
        ...berlinYear,
        rule: { frequency: 'HOURLY', interval: 48, byMinutes: [15] },
        until: '2026-12-05T00:00Z',
      }),
    ).toEqual(['2026-12-01T00:15', '2026-12-03T00:15']);
  });

  it('ends by a count, or by the end of the rule', () => {
    const rule = { byHours: [8], byMinutes: [0] };
    expect(starts({ ...berlinYear, rule: { ...rule, count: 2 } })).toEqual(['2026-12-01T07:00', '2026-12-02T07:00']);
    expect(starts({ ...berlinYear, rule: { ...rule, untilMs: Date.parse('2026-12-02T06:59Z') } })).toEqual([
      '2026-12-01T07:00',
    ]);
    expect(starts({ ...berlinYear, rule: { ...rule, count: 0 } })).toEqual([]);
    expect(starts({ ...berlinYear, rule: { frequency: 'MONTHLY', byMonths: [2], byMonthDays: [30] } })).toEqual([]);
  });

  it.each<[string, Partial<Case>]>([
    [
      'interval must divide a day in a rule in local time that is HOURLY',
      { rule: { frequency: 'HOURLY', interval: 5 } },
    ],
    ['interval must divide a day', { rule: { frequency: 'MINUTELY', interval: 7 } }],
    ['interval must be an integer of 1 or more', { rule: { interval: 0 } }],
    ['untilMs must be from the start to at most 5 years after it', { until: '2031-12-01T00:01Z' }],
    ['untilMs must be from the start', { until: '2026-11-30T00:00Z' }],
    ['zone must be a time zone such as Europe/Berlin, got Mars/Base', { zone: 'Mars/Base' }],
    [
      'zone must be whole minutes from UTC',
      { zone: 'Africa/Monrovia', start: '1970-01-01T00:00Z', until: '1970-02-01T00:00Z' },
    ],
    [
      'byMonthDays cannot be expressed in UTC',
      {
        rule: { frequency: 'WEEKLY', interval: 2, byMonthDays: [29, 30, 31], byHours: [0, 12], byMinutes: [0, 45] },
        zone: 'Asia/Kolkata',
        until: '2031-12-01T00:00Z',
      },
    ],
  ])('refuses by name: %s', (message, zoned) => {
    expect(() => rulesOf({ ...berlinYear, rule: {}, ...zoned })).toThrow(RangeError);
    expect(() => rulesOf({ ...berlinYear, rule: {}, ...zoned })).toThrow(message);
  });

  it('gives rules that a service takes: with hours and minutes, from the first occurrence to the last, each once', () => {
    fc.assert(
      fc.property(zonedCase, ({ rule, startTimeMs, zone, untilMs }) => {
        const rules = zonedUnlessRefused(rule, startTimeMs, zone, untilMs);
        for (const { startTimeMs: firstMs, rule: utc } of rules) {
          expect(utc.byHours?.length).toBeGreaterThan(0);
          expect(utc.byMinutes?.length).toBeGreaterThan(0);
          expect(utc.count).toBeUndefined();
          expect(utc.frequency === 'WEEKLY' && utc.byMonthDays !== undefined).toBe(false);
          const own = allOccurrences([{ startTimeMs: firstMs, rule: utc }]);
          expect([own[0], own.at(-1)]).toEqual([firstMs, utc.untilMs]);
        }
        const all = allOccurrences(rules);
        expect(new Set(all).size).toBe(all.length);
        expect(all.every(ms => ms >= startTimeMs && ms <= untilMs)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is the rule itself in UTC', () => {
    fc.assert(
      fc.property(zonedCase, ({ rule, startTimeMs, untilMs }) => {
        const { count: _, ...wall } = rule;
        const rules = zonedUnlessRefused(wall, startTimeMs, 'UTC', untilMs);
        const whole = { startTimeMs, rule: { ...wall, untilMs: Math.min(untilMs, wall.untilMs ?? Infinity) } };
        if (rules.length > 0) expect(allOccurrences(rules)).toEqual(allOccurrences([whole]));
      }),
      { numRuns: 100 },
    );
  });
});

/** No rules where they are refused; the oracle's test counts these. */
function zonedUnlessRefused(...args: Parameters<typeof zonedRules>): ZonedRule[] {
  try {
    return zonedRules(...args);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return [];
  }
}

describe('local time', () => {
  const instant = fc
    .integer({ min: Date.UTC(2010, 0) / 60_000, max: Date.UTC(2037, 0) / 60_000 })
    .map(minute => minute * 60_000);

  it('has the offsets of the zone data', () => {
    expect(offsetAt('Asia/Kolkata', 0)).toBe(5.5 * HOUR);
    expect(offsetAt('America/St_Johns', Date.UTC(2027, 0))).toBe(-3.5 * HOUR);
    expect(offsetChanges('Europe/Berlin', Date.UTC(2027, 0), Date.UTC(2028, 0))).toEqual([
      { atMs: Date.parse('2027-03-28T01:00Z'), beforeMs: HOUR, afterMs: 2 * HOUR },
      { atMs: Date.parse('2027-10-31T01:00Z'), beforeMs: 2 * HOUR, afterMs: HOUR },
    ]);
    expect(offsetChanges('Pacific/Apia', Date.UTC(2011, 11), Date.UTC(2012, 0))).toEqual([
      { atMs: Date.parse('2011-12-30T10:00Z'), beforeMs: -10 * HOUR, afterMs: 14 * HOUR },
    ]);
  });

  it('goes back to its instant, or to the first of two', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), instant, (zone, tMs) => {
        const back = instantOf(zone, tMs + offsetAt(zone, tMs));
        if (back === tMs) return;
        expect(back).toBeLessThan(tMs);
        expect(tMs - back).toBeLessThanOrEqual(DAY);
        expect(back + offsetAt(zone, back)).toBe(tMs + offsetAt(zone, tMs));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes a skipped time by the offset before the gap', () => {
    expect(instantOf('Europe/Berlin', Date.UTC(2027, 2, 28, 2, 30))).toBe(Date.parse('2027-03-28T01:30Z'));
    expect(instantOf('Pacific/Apia', Date.UTC(2011, 11, 30, 12))).toBe(Date.parse('2011-12-30T22:00Z'));
  });
});
