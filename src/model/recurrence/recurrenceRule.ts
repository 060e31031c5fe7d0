/** How often a rule recurs (RFC 5545 `FREQ`; `RecurrenceRule.Frequency` of the protocol). */
export type Frequency = 'MINUTELY' | 'HOURLY' | 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';

/** A day of the week (`RecurrenceRule.Weekday` of the protocol). Weeks start on Monday. */
export type Weekday = 'MONDAY' | 'TUESDAY' | 'WEDNESDAY' | 'THURSDAY' | 'FRIDAY' | 'SATURDAY' | 'SUNDAY';

/**
 * A recurrence rule: RFC 5545 in UTC, as far as the protocol goes. Plain and JSON-safe.
 *
 * A list that is missing or empty means "as the start time has it" (RFC 5545 section 3.3.10). `count` wins over
 * `untilMs` when both are given. Numbers in place of names are enum numbers that this version does not know: they are
 * kept for a round trip, and a rule that has one cannot be evaluated (`RangeError`).
 */
export interface RecurrenceRule {
  readonly frequency: Frequency | number;
  /** Every how many units of `frequency` the rule recurs; 1 or more. */
  readonly interval: number;
  /** The number of occurrences. 0: none, so the dispatch never runs; a service does not accept it. */
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
