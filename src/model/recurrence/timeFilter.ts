import { addBit, type BitSet, bitSetOf, hasBit } from './bitSet.js';
import { FIRST_DAY, greatestCommonDivisor, MINUTES_PER_DAY, MINUTES_PER_WEEK, modulo } from './calendar.js';
import type { CheckedRule } from './checkRule.js';
import { ALL_WEEKDAYS } from './dayFilter.js';

/**
 * The times a rule allows, as slots: the minutes (MINUTELY), hours (HOURLY) or days (all others) that its interval steps
 * through. They are numbered from the one of the rule's start, 0. Minutes are counted since the epoch.
 */
export interface TimeFilter {
  /** The first allowed minute of slot 0, be it before or after the start. */
  readonly firstMinute: number;
  /** Minutes from one slot to the next. */
  readonly stepMinutes: number;
  /** The allowed minutes of each slot, counted from the first of them; null when there is but one. */
  readonly offsets: BitSet | null;
  readonly lastOffset: number;
  readonly minutesPerSlot: number;
  /** Which slots of a cycle are allowed; null when all are. */
  readonly allowedSlots: BitSet | null;
  /** The number of slots after which their times of day repeat. */
  readonly cycle: number;
}

/**
 * The times that `rule` allows when it starts in the minute `startMinute`.
 *
 * @param weekdays the weekdays the rule allows: bits 0…6 for Monday…Sunday
 * @returns null when no slot ever falls on an allowed time
 */
export function timeFilter(rule: CheckedRule, startMinute: number, weekdays: number): TimeFilter | null {
  const { frequency, interval } = rule;
  const slotLength = frequency === 'MINUTELY' ? 1 : frequency === 'HOURLY' ? 60 : MINUTES_PER_DAY;
  const stepsSlots = frequency === 'MINUTELY' || frequency === 'HOURLY' || frequency === 'DAILY';
  const stepMinutes = slotLength * (stepsSlots ? interval : 1);
  const times = timesOfSlot(rule, startMinute, slotLength);
  const firstTime = Math.min(...times);
  const firstMinute = startMinute - modulo(startMinute, slotLength) + firstTime;
  const dayGcd = greatestCommonDivisor(stepMinutes, MINUTES_PER_DAY);
  const cycle = MINUTES_PER_DAY / dayGcd;
  // A cycle of whole weeks repeats its weekdays too. Telling now which slots can match them spares searching the whole
  // calendar for a rule such as every 7 minutes, at 14:10, on a weekday that 14:10 never falls on.
  const wholeWeeks = (stepMinutes / dayGcd) % 7 === 0;
  const allowedSlots = slotsOfCycle(rule, firstMinute, stepMinutes, cycle, wholeWeeks ? weekdays : ALL_WEEKDAYS);
  if (allowedSlots?.length === 0) return null;
  const offsets = times.map(time => time - firstTime);
  return {
    firstMinute,
    stepMinutes,
    offsets: times.length === 1 ? null : bitSetOf(offsets),
    lastOffset: Math.max(...offsets),
    minutesPerSlot: offsets.length,
    allowedSlots,
    cycle,
  };
}

/** The allowed minutes of a slot, counted from its start; at least one, each once, in no order. */
function timesOfSlot(rule: CheckedRule, startMinute: number, slotLength: number): readonly number[] {
  // A time that the rule leaves open is that of its start (RFC 5545 section 3.3.10).
  const { byHours = [], byMinutes = [] } = rule;
  if (slotLength === 1) return [0];
  const minutes = byMinutes.length > 0 ? [...new Set(byMinutes)] : [modulo(startMinute, 60)];
  if (slotLength === 60) return minutes;
  const hours = byHours.length > 0 ? [...new Set(byHours)] : [Math.floor(modulo(startMinute, MINUTES_PER_DAY) / 60)];
  return hours.flatMap(hour => minutes.map(minute => hour * 60 + minute));
}

function slotsOfCycle(
  rule: CheckedRule,
  firstMinute: number,
  stepMinutes: number,
  cycle: number,
  weekdays: number,
): BitSet | null {
  const hours = rule.byHours?.length ? bitSetOf(rule.byHours) : null;
  const minutes = rule.byMinutes?.length && rule.frequency === 'MINUTELY' ? bitSetOf(rule.byMinutes) : null;
  if (hours === null && minutes === null && weekdays === ALL_WEEKDAYS) return null;
  const firstOfWeek = modulo(firstMinute - FIRST_DAY * MINUTES_PER_DAY, MINUTES_PER_WEEK);
  const step = stepMinutes % MINUTES_PER_WEEK;
  const allowed: BitSet = [];
  let count = 0;
  for (let slot = 0; slot < cycle; ) {
    const minute = (firstOfWeek + slot * step) % MINUTES_PER_WEEK;
    const hour = Math.floor(minute / 60);
    const hourFits = (hours === null || hasBit(hours, hour % 24)) && (weekdays >>> Math.floor(hour / 24)) & 1;
    if (hourFits && (minutes === null || hasBit(minutes, minute % 60))) {
      addBit(allowed, slot);
      count += 1;
    }
    slot += hourFits ? 1 : Math.ceil((60 - (minute % 60)) / stepMinutes);
  }
  return count === cycle ? null : allowed;
}
