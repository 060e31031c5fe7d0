/** How often a rule recurs (RFC 5545 `FREQ`; `RecurrenceRule.Frequency` of the protocol). */
export type Frequency = 'MINUTELY' | 'HOURLY' | 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';

/** A day of the week (`RecurrenceRule.Weekday` of the protocol). Weeks start on Monday. */
export type Weekday = 'MONDAY' | 'TUESDAY' | 'WEDNESDAY' | 'THURSDAY' | 'FRIDAY' | 'SATURDAY' | 'SUNDAY';

/**
 * A recurrence rule: the part of RFC 5545 that the protocol supports, in UTC. Plain and JSON-safe.
 *
 * A list that is missing or empty takes its value from the start time (RFC 5545 section 3.3.10). A rule ends by `count`, by
 * `untilMs` or not at all; one with both is invalid (`RangeError`). Numbers instead of names are enum numbers that this version does
 * not know: they are preserved, and a rule with one cannot be evaluated (`RangeError`).
 */
export interface RecurrenceRule {
  readonly frequency: Frequency | number;
  /** Interval in units of `frequency`; at least 1. */
  readonly interval: number;
  /** Number of occurrences. 0: none, so that the dispatch never runs; the service does not accept it. */
  readonly count?: number;
  /** The last instant at which an occurrence may start, inclusive; milliseconds since the epoch. */
  readonly untilMs?: number;
  /** 0…59 */
  readonly byMinutes?: readonly number[];
  /** 0…23 */
  readonly byHours?: readonly number[];
  readonly byWeekdays?: readonly (Weekday | number)[];
  /** 1…31, or -31…-1 counted from the month's end. */
  readonly byMonthDays?: readonly number[];
  /** 1…12 */
  readonly byMonths?: readonly number[];
}
