import fc from 'fast-check';
import rrule from 'rrule';
import { describe, expect, it } from 'vitest';

import type { RecurrenceRule } from '../../../src/model/recurrence/recurrenceRule.js';
import { ruleFromRfc5545, ruleToRfc5545 } from '../../../src/model/recurrence/ruleRfc5545.js';
import { ruleToText } from '../../../src/model/recurrence/ruleText.js';
import { ruleArbitrary } from '../../../src/testing/ruleArbitrary.js';

const WORKING_DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'] as const;
const anyRule = ruleArbitrary({ weeklyMonthDays: true });

describe('ruleToText', () => {
  it.each<[string, RecurrenceRule]>([
    ['every day', { frequency: 'DAILY', interval: 1 }],
    ['every 101 minutes', { frequency: 'MINUTELY', interval: 101 }],
    ['every day, 0 times', { frequency: 'DAILY', interval: 1, count: 0 }],
    ['every day, once', { frequency: 'DAILY', interval: 1, count: 1 }],
    [
      'every 2 weeks on Monday and Friday at 08:30 and 17:30 UTC, 10 times',
      {
        frequency: 'WEEKLY',
        interval: 2,
        byWeekdays: ['FRIDAY', 'MONDAY'],
        byHours: [17, 8],
        byMinutes: [30],
        count: 10,
      },
    ],
    [
      'every 2 days on Monday, Tuesday, Wednesday, Thursday and Friday',
      { frequency: 'DAILY', interval: 2, byWeekdays: WORKING_DAYS },
    ],
    [
      'every week in December on Monday, until 2030-01-01 03:04:05 UTC',
      {
        frequency: 'WEEKLY',
        interval: 1,
        byMonths: [12],
        byWeekdays: ['MONDAY'],
        untilMs: Date.UTC(2030, 0, 1, 3, 4, 5),
      },
    ],
    [
      'every month on Friday the 13th',
      { frequency: 'MONTHLY', interval: 1, byMonthDays: [13], byWeekdays: ['FRIDAY'] },
    ],
    [
      'every month on the first Monday',
      { frequency: 'MONTHLY', interval: 1, byMonthDays: [7, 1, 2, 3, 4, 5, 6], byWeekdays: ['MONDAY'] },
    ],
    [
      'every year in March and October on the last Saturday and the last Sunday',
      {
        frequency: 'YEARLY',
        interval: 1,
        byMonths: [3, 10],
        byMonthDays: [-1, -2, -3, -4, -5, -6, -7],
        byWeekdays: ['SUNDAY', 'SATURDAY'],
      },
    ],
    ['every month on the 1st, last and 2nd last day', { frequency: 'MONTHLY', interval: 1, byMonthDays: [-2, 1, -1] }],
    [
      'every year in January and June on the 1st, until 2030-01-01 00:00 UTC',
      { frequency: 'YEARLY', interval: 1, byMonths: [6, 1], byMonthDays: [1], untilMs: Date.UTC(2030, 0) },
    ],
    [
      'every 15 minutes on Saturday in the hours of 08:00 and 09:00 UTC',
      { frequency: 'MINUTELY', interval: 15, byHours: [8, 9], byWeekdays: ['SATURDAY'] },
    ],
    ['every hour at minute 30', { frequency: 'HOURLY', interval: 1, byMinutes: [30] }],
    [
      'every day at minutes 0, 15, 30 and 45 in the hours of 00:00, 06:00, 12:00 and 18:00 UTC',
      { frequency: 'DAILY', interval: 1, byHours: [0, 6, 12, 18], byMinutes: [0, 15, 30, 45] },
    ],
  ])('says "%s"', (text, rule) => {
    expect(ruleToText(rule)).toBe(text);
  });

  it('leaves out no part of a rule', () => {
    fc.assert(
      fc.property(anyRule, rule => {
        const text = ruleToText(rule);
        expect(ruleToText({ ...rule, interval: rule.interval + 1 })).not.toBe(text);
        for (const part of [
          'count',
          'untilMs',
          'byMinutes',
          'byHours',
          'byWeekdays',
          'byMonthDays',
          'byMonths',
        ] as const) {
          const { [part]: value, ...others } = rule;
          const saysNothing = value === undefined || (Array.isArray(value) && value.length === 0);
          if (!saysNothing) expect(ruleToText(others)).not.toBe(text);
        }
      }),
    );
  });

  it('rejects an invalid rule', () => {
    expect(() => ruleToText({ frequency: 'DAILY', interval: 0 })).toThrow('interval must be');
    expect(() => ruleToText({ frequency: 'DAILY', interval: 1, count: 2, untilMs: 0 })).toThrow('untilMs must not be');
  });
});

describe('ruleToRfc5545', () => {
  it('writes DTSTART and RRULE in UTC', () => {
    const rule: RecurrenceRule = {
      frequency: 'WEEKLY',
      interval: 2,
      byWeekdays: ['FRIDAY', 'MONDAY'],
      byHours: [17, 8, 17],
    };
    expect(
      ruleToRfc5545({ ...rule, untilMs: Date.UTC(2026, 11, 31, 23, 59, 59, 999) }, Date.UTC(2026, 0, 5, 8, 0, 0, 999)),
    ).toBe('DTSTART:20260105T080000Z\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYHOUR=8,17;UNTIL=20261231T235959Z');
  });

  it('writes years before 1000 in four digits', () => {
    expect(ruleToRfc5545({ frequency: 'DAILY', interval: 1 }, -62_135_596_800_000)).toMatch(
      /^DTSTART:00010101T000000Z\n/,
    );
  });

  it('refuses a rule with two ends', () => {
    expect(() => ruleToRfc5545({ frequency: 'DAILY', interval: 1, count: 3, untilMs: 0 }, 0)).toThrow(
      'untilMs must not be given together with count',
    );
  });

  it('writes what rrule reads', () => {
    fc.assert(
      fc.property(anyRule, fc.integer({ min: 0, max: 4e9 }), (rule, startS) => {
        const options = rrule.RRule.parseString(ruleToRfc5545(rule, startS * 1000));
        expect(options.dtstart?.getTime()).toBe(startS * 1000);
        expect(rrule.RRule.FREQUENCIES[options.freq ?? -1]).toBe(rule.frequency);
        expect(options.interval).toBe(rule.interval);
        expect(options.count).toBe(rule.count);
        expect(options.until?.getTime()).toBe(rule.untilMs);
        expect([options.byhour ?? []].flat()).toEqual(ascending(rule.byHours));
        expect([options.bymonthday ?? []].flat()).toEqual(ascending(rule.byMonthDays));
      }),
    );
  });

  it('rejects a start outside of the calendar', () => {
    expect(() => ruleToRfc5545({ frequency: 'DAILY', interval: 1 }, Number.NaN)).toThrow('startTimeMs must be');
  });
});

describe('ruleFromRfc5545', () => {
  it.each([
    'RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3',
    'FREQ=DAILY;INTERVAL=2;COUNT=3',
    'rrule:freq=daily;interval=2;count=3;wkst=mo',
    'DTSTART:20260105T080000Z\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=3;',
    'RRULE:FREQ=DAILY;INTER\r\n VAL=2;COUNT=3\r\nDTSTART:20260105T080000Z\r\n',
  ])('reads %j', text => {
    expect(ruleFromRfc5545(text)).toEqual({ frequency: 'DAILY', interval: 2, count: 3 });
  });

  it('takes a missing interval for 1', () => {
    expect(ruleFromRfc5545('FREQ=HOURLY')).toEqual({ frequency: 'HOURLY', interval: 1 });
  });

  it('reads back what was written', () => {
    fc.assert(
      fc.property(anyRule, fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }), (rule, startS) => {
        expect(ruleFromRfc5545(ruleToRfc5545(rule, startS * 1000))).toEqual(inOrder(rule));
      }),
    );
  });

  it.each([
    ['FREQ=DAILY;BYSETPOS=1', 'BYSETPOS is not supported'],
    ['FREQ=DAILY;BYYEARDAY=1', 'BYYEARDAY is not supported'],
    ['FREQ=DAILY;BYWEEKNO=1', 'BYWEEKNO is not supported'],
    ['FREQ=DAILY;BYSECOND=0', 'BYSECOND is not supported'],
    ['FREQ=DAILY;X-FOO=0', 'X-FOO is not supported'],
    ['FREQ=DAILY;__PROTO__=0', '__PROTO__ is not supported'],
    ['FREQ=SECONDLY', 'FREQ must be one of MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY, got SECONDLY'],
    ['RRULE:INTERVAL=2', 'FREQ must be one of'],
    ['FREQ=MONTHLY;BYDAY=MO,2TU', 'BYDAY must be weekdays from MO to SU without a number, got 2TU'],
    ['FREQ=WEEKLY;WKST=SU', 'WKST must be MO'],
    ['FREQ=DAILY;INTERVAL=0', 'INTERVAL must be an integer of 1 or more, got 0'],
    ['FREQ=DAILY;INTERVAL=1.5', 'INTERVAL must be integers, got 1.5'],
    ['FREQ=DAILY;COUNT=', 'COUNT must have a value'],
    ['FREQ=DAILY;COUNT', 'COUNT must have a value'],
    ['FREQ=DAILY;FREQ=WEEKLY', 'FREQ must be given once'],
    ['FREQ=DAILY;BYHOUR=24', 'BYHOUR must be integers from 0 to 23, got 24'],
    ['FREQ=DAILY;COUNT=1;UNTIL=20260101T000000Z', 'COUNT and UNTIL cannot be in the same rule'],
    ['FREQ=DAILY;UNTIL=20260101', 'UNTIL must be a UTC time such as 20260131T080000Z, got 20260101'],
    ['FREQ=DAILY;UNTIL=20260230T000000Z', 'UNTIL is 20260230T000000Z, a time that does not exist'],
    ['DTSTART;TZID=EUROPE/BERLIN:20260101T000000\nRRULE:FREQ=DAILY', 'DTSTART must be a UTC time'],
    ['DTSTART:20260101T000000\nRRULE:FREQ=DAILY', 'DTSTART must be a UTC time'],
    ['RRULE:FREQ=DAILY\nEXDATE:20260101T000000Z', 'EXDATE is not supported'],
    ['RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY', 'RRULE must be given once, got 2'],
    ['DTSTART:20260101T000000Z', 'RRULE must be given once, got 0'],
    ['', 'RRULE must be given once, got 0'],
  ])('rejects %j by name', (text, message) => {
    expect(() => ruleFromRfc5545(text)).toThrow(RangeError);
    expect(() => ruleFromRfc5545(text)).toThrow(message);
  });
});

/** The rule as its text has it: without empty lists, the others in order. */
function inOrder(rule: RecurrenceRule): RecurrenceRule {
  const weekdays = [...WORKING_DAYS, 'SATURDAY', 'SUNDAY'] as const;
  const byWeekdays = weekdays.filter(weekday => rule.byWeekdays?.includes(weekday));
  return {
    frequency: rule.frequency,
    interval: rule.interval,
    ...(rule.count !== undefined && { count: rule.count }),
    ...(rule.untilMs !== undefined && { untilMs: rule.untilMs }),
    ...(rule.byMinutes?.length && { byMinutes: ascending(rule.byMinutes) }),
    ...(rule.byHours?.length && { byHours: ascending(rule.byHours) }),
    ...(byWeekdays.length > 0 && { byWeekdays }),
    ...(rule.byMonthDays?.length && { byMonthDays: ascending(rule.byMonthDays) }),
    ...(rule.byMonths?.length && { byMonths: ascending(rule.byMonths) }),
  };
}

function ascending(list: readonly number[] = []): number[] {
  return [...new Set(list)].sort((a, b) => a - b);
}
