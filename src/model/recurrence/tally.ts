import { MINUTES_PER_DAY } from './calendar.js';
import type { DayFilter } from './dayFilter.js';
import { dayOf, firstSlotFrom, minuteOf, nearestAllowedSlot, nearestSlot, nthOffset, offsetsBefore } from './slots.js';
import type { TimeFilter } from './timeFilter.js';

/** How far the occurrences of a rule with a count are counted. */
export interface Tally {
  /** The slot to go on from. */
  slot: number;
  /** How many occurrences are left from that slot on. */
  left: number;
}

/** The tally of a rule that has `count` occurrences from `startMinute` on. */
export function startTally(days: DayFilter, times: TimeFilter, startMinute: number, count: number): Tally {
  const slot = nearestAllowedSlot(days, times, 0, 1, Math.floor(startMinute / MINUTES_PER_DAY));
  // Slot 0 may begin before the rule does: what it holds by then is no occurrence.
  return { slot: 0, left: count + (slot === 0 ? offsetsBefore(times, startMinute - times.firstMinute) : 0) };
}

/** A minute that the last occurrence does not come before, to be had without counting. */
export function earliestLast(times: TimeFilter, { slot, left }: Tally): number {
  return minuteOf(times, slot + Math.ceil(left / times.minutesPerSlot) - 1);
}

/**
 * Counts on to the end of the day `endDay`.
 *
 * @returns the minute of the last occurrence, or null when it comes later
 */
export function countOn(days: DayFilter, times: TimeFilter, tally: Tally, endDay: number): number | null {
  const { minutesPerSlot } = times;
  if (days.everyDay && times.allowedSlots === null) {
    const slots = Math.ceil(tally.left / minutesPerSlot) - 1;
    return minuteOf(times, tally.slot + slots) + nthOffset(times, tally.left - slots * minutesPerSlot);
  }
  for (;;) {
    const slot = nearestAllowedSlot(days, times, tally.slot, 1, endDay);
    if (slot === null) return null;
    const nextDay = firstSlotFrom(times, dayOf(times, slot) + 1);
    for (tally.slot = slot; tally.slot < nextDay; tally.slot = nearestSlot(times, tally.slot + 1, 1)) {
      if (tally.left <= minutesPerSlot) return minuteOf(times, tally.slot) + nthOffset(times, tally.left);
      tally.left -= minutesPerSlot;
    }
  }
}
