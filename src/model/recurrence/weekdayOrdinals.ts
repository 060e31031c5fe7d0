import type { RecurrenceRule } from './recurrenceRule.js';

/**
 * Days of the month on which the first, second, … of each weekday falls. A rule says so: the first Monday is the Monday among the days 1 to 7. It
 * has no BYSETPOS (RFC 5545 section 3.3.10).
 */
export const ORDINAL_DAYS = {
  first: [1, 2, 3, 4, 5, 6, 7],
  second: [8, 9, 10, 11, 12, 13, 14],
  third: [15, 16, 17, 18, 19, 20, 21],
  fourth: [22, 23, 24, 25, 26, 27, 28],
  fifth: [29, 30, 31],
  last: [-7, -6, -5, -4, -3, -2, -1],
} as const;

/** Which one of a weekday in a month. */
export type Ordinal = keyof typeof ORDINAL_DAYS;

/** The ordinals, from first to last. */
export const ORDINALS = Object.keys(ORDINAL_DAYS) as Ordinal[];

/** Whether a rule can be about one of a weekday in each of its months: otherwise weekdays are of its weeks, or of a year. */
export function takesOrdinals(frequency: RecurrenceRule['frequency'] | string, hasMonths: boolean): boolean {
  return frequency === 'MONTHLY' || (frequency === 'YEARLY' && hasMonths);
}

/** The ordinal that days of the month mean together with weekdays; undefined: none. */
export function ordinalOf(monthDays: readonly number[]): Ordinal | undefined {
  const days = new Set(monthDays);
  return ORDINALS.find(ordinal => {
    const all: readonly number[] = ORDINAL_DAYS[ordinal];
    return all.length === days.size && all.every(day => days.has(day));
  });
}
