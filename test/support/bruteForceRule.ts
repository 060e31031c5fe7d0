import type { RecurrenceRule, Weekday } from '../../src/model/recurrence/recurrenceRule.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONDAY = Date.UTC(1969, 11, 29);
const WEEKDAYS: readonly Weekday[] = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];

/**
 * Whether a rule that starts at `startMs` has an occurrence at `tMs`, its count left aside: RFC 5545 word for word on `Date`
 * objects, as an oracle for the calculator.
 */
export function isOccurrence(rule: RecurrenceRule, startMs: number, tMs: number): boolean {
  const start = new Date(Math.floor(startMs / 1000) * 1000);
  const t = new Date(tMs);
  const { frequency } = rule;
  const given = (list: readonly unknown[] | undefined) => list !== undefined && list.length > 0;
  const allows = <T>(list: readonly T[] | undefined, value: T) =>
    list === undefined || list.length === 0 || list.includes(value);

  if (t < start || t.getUTCSeconds() !== start.getUTCSeconds() || t.getUTCMilliseconds() !== 0) return false;
  if (rule.untilMs !== undefined && tMs > rule.untilMs) return false;
  if ((period(rule, t) - period(rule, start)) % rule.interval !== 0) return false;

  if (!allows(rule.byMinutes, t.getUTCMinutes())) return false;
  if (!allows(rule.byHours, t.getUTCHours())) return false;
  if (!allows(rule.byMonths, t.getUTCMonth() + 1)) return false;
  const weekday = WEEKDAYS[t.getUTCDay()];
  if (weekday === undefined || !allows(rule.byWeekdays, weekday)) return false;
  const monthEnd = new Date(t);
  monthEnd.setUTCFullYear(t.getUTCFullYear(), t.getUTCMonth() + 1, 0);
  const fromEnd = t.getUTCDate() - monthEnd.getUTCDate() - 1;
  if (!allows(rule.byMonthDays, t.getUTCDate()) && !allows(rule.byMonthDays, fromEnd)) return false;

  if (frequency === 'MINUTELY') return true;
  if (!given(rule.byMinutes) && t.getUTCMinutes() !== start.getUTCMinutes()) return false;
  if (frequency === 'HOURLY') return true;
  if (!given(rule.byHours) && t.getUTCHours() !== start.getUTCHours()) return false;
  if (frequency === 'DAILY' || given(rule.byWeekdays) || given(rule.byMonthDays)) return true;
  if (frequency === 'WEEKLY') return t.getUTCDay() === start.getUTCDay();
  if (t.getUTCDate() !== start.getUTCDate()) return false;
  return frequency === 'MONTHLY' || given(rule.byMonths) || t.getUTCMonth() === start.getUTCMonth();
}

/** The number of the minute, hour, day, week, month or year that the rule's interval counts. */
function period({ frequency }: RecurrenceRule, date: Date): number {
  const ms = date.getTime();
  switch (frequency) {
    case 'MINUTELY':
      return Math.floor(ms / MINUTE);
    case 'HOURLY':
      return Math.floor(ms / HOUR);
    case 'DAILY':
      return Math.floor(ms / DAY);
    case 'WEEKLY':
      return Math.floor((ms - MONDAY) / (7 * DAY));
    case 'MONTHLY':
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    case 'YEARLY':
      return date.getUTCFullYear();
    default:
      throw new Error(`unknown frequency ${frequency}`);
  }
}
