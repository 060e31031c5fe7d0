import { FIRST_MS, LAST_MS } from './calendar.js';
import type { Frequency, RecurrenceRule, Weekday } from './recurrenceRule.js';

/** The frequencies in ascending length. */
export const FREQUENCIES: readonly Frequency[] = ['MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'];

/** The days of the week, Monday first. */
export const WEEKDAYS: readonly Weekday[] = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
];

/** A rule that {@link checkRule} has accepted: without numbers of unknown names. */
export interface CheckedRule extends RecurrenceRule {
  readonly frequency: Frequency;
  readonly byWeekdays?: readonly Weekday[];
}

/**
 * Checks that a rule can be evaluated.
 *
 * There is no upper limit on `interval` and `count`: those limits are the service's.
 *
 * @throws RangeError naming the field and what is allowed in it
 */
export function checkRule(rule: RecurrenceRule): asserts rule is CheckedRule {
  if (!(FREQUENCIES as readonly unknown[]).includes(rule.frequency)) {
    throw invalid('frequency', `one of ${FREQUENCIES.join(', ')}`, rule.frequency);
  }
  checkInteger('interval', rule.interval, 1, Number.MAX_SAFE_INTEGER);
  if (rule.count !== undefined) checkInteger('count', rule.count, 0, Number.MAX_SAFE_INTEGER);
  if (rule.untilMs !== undefined && !Number.isFinite(rule.untilMs)) {
    throw invalid('untilMs', 'a finite number of milliseconds', rule.untilMs);
  }
  const problem = endProblem(rule);
  if (problem !== null) throw new RangeError(problem);
  for (const minute of rule.byMinutes ?? []) checkInteger('byMinutes', minute, 0, 59);
  for (const hour of rule.byHours ?? []) checkInteger('byHours', hour, 0, 23);
  for (const weekday of rule.byWeekdays ?? []) {
    if (!(WEEKDAYS as readonly unknown[]).includes(weekday)) {
      throw invalid('byWeekdays', `names from ${WEEKDAYS[0]} to ${WEEKDAYS[6]}`, weekday);
    }
  }
  for (const day of rule.byMonthDays ?? []) {
    if (!Number.isInteger(day) || day === 0 || day < -31 || day > 31) {
      throw invalid('byMonthDays', 'integers from 1 to 31 or from -31 to -1', day);
    }
  }
  for (const month of rule.byMonths ?? []) checkInteger('byMonths', month, 1, 12);
}

/** The problem of a rule that has both ends (RFC 5545 section 3.3.10: one of them), in a sentence; null: it has at most one. */
export function endProblem({ count, untilMs }: RecurrenceRule, path = ''): string | null {
  if (count === undefined || untilMs === undefined) return null;
  return `${path}untilMs must not be given together with count`;
}

/**
 * Checks that a rule can start at an instant.
 *
 * @throws RangeError when it is not in the years 1 to 9999
 */
export function checkStartTime(startTimeMs: number): void {
  if (startTimeMs >= FIRST_MS && startTimeMs <= LAST_MS) return;
  throw invalid('startTimeMs', 'milliseconds since the epoch within the years 1 to 9999', startTimeMs);
}

function checkInteger(field: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const allowed = max === Number.MAX_SAFE_INTEGER ? `an integer of ${min} or more` : `integers from ${min} to ${max}`;
  throw invalid(field, allowed, value);
}

function invalid(field: string, allowed: string, value: unknown): RangeError {
  return new RangeError(`${field} must be ${allowed}, got ${String(value)}`);
}
