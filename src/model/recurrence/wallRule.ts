import { MINUTES_PER_DAY, weekdayOf } from './calendar.js';
import { type CheckedRule, WEEKDAYS } from './checkRule.js';
import type { RecurrenceRule, Weekday } from './recurrenceRule.js';

/**
 * A rule in local time with all that it takes from its start: the days on which it runs, and the times of each of these days. The days are those
 * of a rule of midnights (`daysRule`).
 */
export interface WallRule {
  readonly frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  readonly interval: number;
  /** Empty: any. */
  readonly weekdays: readonly Weekday[];
  /** Empty: any. */
  readonly monthDays: readonly number[];
  /** Empty: any. */
  readonly months: readonly number[];
  /** Minutes of the day, ascending. */
  readonly minutes: readonly number[];
}

/**
 * Completes a rule by its start in local time, and rewrites HOURLY and MINUTELY as DAILY.
 *
 * @param startMinute the start as minutes since the epoch, local time as if it were UTC
 * @throws RangeError when the steps of a sub-daily rule do not repeat daily
 */
export function wallRule(rule: CheckedRule, startMinute: number): WallRule {
  const day = Math.floor(startMinute / MINUTES_PER_DAY);
  const { months, monthDays, weekdays } = listsOf(rule, day);
  const lists = { months, monthDays, weekdays };
  const startMinuteOfDay = startMinute - day * MINUTES_PER_DAY;
  const { frequency, interval } = rule;
  if (frequency === 'HOURLY' || frequency === 'MINUTELY') {
    const stepMinutes = interval * (frequency === 'HOURLY' ? 60 : 1);
    if (MINUTES_PER_DAY % stepMinutes !== 0 && stepMinutes % MINUTES_PER_DAY !== 0) {
      throw new RangeError(
        `interval must divide a day in a rule in local time that is ${frequency}, such as 1, 2, 3, 4 or 6, got ${interval}`,
      );
    }
    return {
      frequency: 'DAILY',
      interval: Math.max(1, stepMinutes / MINUTES_PER_DAY),
      ...lists,
      minutes: stepsOfDay(rule, startMinuteOfDay, stepMinutes),
    };
  }
  const hours = given(rule.byHours) ?? [Math.floor(startMinuteOfDay / 60)];
  const minutes = given(rule.byMinutes) ?? [startMinuteOfDay % 60];
  return {
    // A service refuses days of the month in a WEEKLY rule; every week it is the same as daily.
    frequency: frequency === 'WEEKLY' && interval === 1 && monthDays.length > 0 ? 'DAILY' : frequency,
    interval,
    ...lists,
    minutes: ascending(hours.flatMap(hour => minutes.map(minute => hour * 60 + minute))),
  };
}

/** Whether a rule runs every day. */
export function runsEveryDay({ frequency, interval, weekdays, monthDays, months }: WallRule): boolean {
  return frequency === 'DAILY' && interval === 1 && [weekdays, monthDays, months].every(list => list.length === 0);
}

/** The rule of the midnights of the days on which a rule runs. */
export function daysRule({
  frequency,
  interval,
  weekdays,
  monthDays,
  months,
}: Omit<WallRule, 'minutes'>): RecurrenceRule {
  return {
    frequency,
    interval,
    byMonths: months,
    byMonthDays: monthDays,
    byWeekdays: weekdays,
    byHours: [0],
    byMinutes: [0],
  };
}

/** The lists of days, with what a rule that names no day takes from its start (RFC 5545 section 3.3.10). */
function listsOf({ frequency, byMonths = [], byMonthDays = [], byWeekdays = [] }: CheckedRule, startDay: number) {
  const start = new Date(startDay * MINUTES_PER_DAY * 60_000);
  const namesDay = byMonthDays.length > 0 || byWeekdays.length > 0;
  const isMonthly = frequency === 'MONTHLY' || frequency === 'YEARLY';
  const takesMonth = frequency === 'YEARLY' && !namesDay && byMonths.length === 0;
  return {
    months: takesMonth ? [start.getUTCMonth() + 1] : ascending(byMonths),
    monthDays: isMonthly && !namesDay ? [start.getUTCDate()] : ascending(byMonthDays),
    weekdays:
      frequency === 'WEEKLY' && !namesDay
        ? WEEKDAYS.filter((_, index) => index === weekdayOf(startDay))
        : WEEKDAYS.filter(weekday => byWeekdays.includes(weekday)),
  };
}

/** The minutes of the day to which a sub-daily rule steps. */
function stepsOfDay(rule: CheckedRule, startMinuteOfDay: number, stepMinutes: number): number[] {
  const hours = given(rule.byHours);
  const minutes = given(rule.byMinutes);
  const steps = Array.from(
    { length: Math.max(1, MINUTES_PER_DAY / stepMinutes) },
    (_, step) => (startMinuteOfDay + step * stepMinutes) % MINUTES_PER_DAY,
  );
  const expanded =
    rule.frequency === 'HOURLY' && minutes !== null
      ? steps.flatMap(step => minutes.map(minute => step - (step % 60) + minute))
      : steps.filter(step => minutes === null || minutes.includes(step % 60));
  return ascending(expanded.filter(minute => hours === null || hours.includes(Math.floor(minute / 60))));
}

function given(list: readonly number[] | undefined): readonly number[] | null {
  return list === undefined || list.length === 0 ? null : list;
}

function ascending(list: readonly number[]): number[] {
  return [...new Set(list)].sort((a, b) => a - b);
}
