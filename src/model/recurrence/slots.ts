import { nextBit, previousBit } from './bitSet.js';
import { type Direction, MINUTES_PER_DAY } from './calendar.js';
import type { DayFilter } from './dayFilter.js';
import { nearestDay } from './nearestDay.js';
import type { TimeFilter } from './timeFilter.js';

/**
 * The slot nearest to `from` in `direction`, `from` itself included, whose time and day are allowed; null when there is none
 * from slot 0 to the end of the day `endDay`.
 *
 * Times and days leap over each other's gaps, so that the sparser of the two decides how many steps it takes.
 *
 * @param endDay the last day number to look at in that direction
 */
export function nearestAllowedSlot(
  days: DayFilter,
  times: TimeFilter,
  from: number,
  direction: Direction,
  endDay: number,
): number | null {
  let slot = from;
  while (slot >= 0) {
    slot = nearestSlot(times, slot, direction);
    if (slot < 0) return null;
    const day = dayOf(times, slot);
    const found = nearestDay(days, day, direction, endDay);
    if (found === null) return null;
    if (found === day) return slot;
    slot = direction > 0 ? firstSlotFrom(times, found) : firstSlotFrom(times, found + 1) - 1;
  }
  return null;
}

/** The slot nearest to `from`, 0 or more, in `direction` whose time is allowed; negative when there is none from 0 on. */
export function nearestSlot(times: TimeFilter, from: number, direction: Direction): number {
  const { allowedSlots, cycle } = times;
  if (allowedSlots === null) return from;
  const cycleStart = from - (from % cycle);
  const found = direction > 0 ? nextBit(allowedSlots, from - cycleStart) : previousBit(allowedSlots, from - cycleStart);
  if (found >= 0) return cycleStart + found;
  return direction > 0
    ? cycleStart + cycle + nextBit(allowedSlots, 0)
    : cycleStart - cycle + previousBit(allowedSlots, cycle - 1);
}

/** The first allowed minute of a slot. */
export function minuteOf(times: TimeFilter, slot: number): number {
  return times.firstMinute + slot * times.stepMinutes;
}

/** The day number of a slot. */
export function dayOf(times: TimeFilter, slot: number): number {
  return Math.floor(minuteOf(times, slot) / MINUTES_PER_DAY);
}

/** The first slot whose first minute is on the day number `day` or later. */
export function firstSlotFrom(times: TimeFilter, day: number): number {
  return Math.ceil((day * MINUTES_PER_DAY - times.firstMinute) / times.stepMinutes);
}

/** The number of offsets that are less than `limit`. */
export function offsetsBefore(times: TimeFilter, limit: number): number {
  let count = 0;
  for (let offset = 0; offset >= 0 && offset < limit; offset = nextOffset(times, offset + 1)) count += 1;
  return count;
}

/** The `n`th offset, 1 for the first; `n` is at most `minutesPerSlot`. */
export function nthOffset(times: TimeFilter, n: number): number {
  let offset = 0;
  for (let nth = 1; nth < n; nth += 1) offset = nextOffset(times, offset + 1);
  return offset;
}

/** The smallest offset that is `from` or more; -1 when there is none. */
export function nextOffset(times: TimeFilter, from: number): number {
  return times.offsets === null ? (from > 0 ? -1 : 0) : nextBit(times.offsets, Math.max(0, from));
}

/** The largest offset that is `from`, 0 or more, or less. */
export function previousOffset(times: TimeFilter, from: number): number {
  return times.offsets === null ? 0 : previousBit(times.offsets, Math.min(from, times.lastOffset));
}
