import { MINUTES_PER_DAY } from './calendar.js';
import type { DayShift } from './utcDays.js';

/** Times of day in UTC: each of the hours with each of the minutes. */
export interface UtcTimes {
  /** How many days the UTC day is after the local one. */
  readonly shift: DayShift;
  readonly byHours: readonly number[];
  readonly byMinutes: readonly number[];
}

/**
 * Converts times of day to UTC: as few lists of hours and minutes as there are different days and, for offsets that are not whole hours, different
 * hours of a minute.
 *
 * @param minutes minutes of the day in local time, ascending
 * @param offsetMinutes local time minus UTC, less than a day
 * @param isEveryDay whether the times are those of every day, so that none has another day
 */
export function utcTimes(minutes: readonly number[], offsetMinutes: number, isEveryDay: boolean): UtcTimes[] {
  const hoursOf = new Map<string, number[]>();
  for (const minute of minutes) {
    const utcMinute = minute - offsetMinutes;
    const shift = Math.floor(utcMinute / MINUTES_PER_DAY);
    const minuteOfDay = utcMinute - shift * MINUTES_PER_DAY;
    const key = `${isEveryDay ? 0 : shift} ${minuteOfDay % 60}`;
    hoursOf.set(key, [...(hoursOf.get(key) ?? []), Math.floor(minuteOfDay / 60)]);
  }
  const merged = new Map<string, { shift: DayShift; byHours: number[]; byMinutes: number[] }>();
  for (const [key, byHours] of hoursOf) {
    const [shift = 0, minute = 0] = key.split(' ').map(Number);
    byHours.sort((a, b) => a - b);
    const same = `${shift}: ${byHours}`;
    const times = merged.get(same) ?? { shift: shift as DayShift, byHours, byMinutes: [] };
    merged.set(same, times);
    times.byMinutes.push(minute);
  }
  return [...merged.values()];
}
