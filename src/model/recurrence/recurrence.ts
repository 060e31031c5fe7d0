import { LAST_MS, MINUTES_PER_DAY, MS_PER_MINUTE } from './calendar.js';
import { checkRule, checkStartTime } from './checkRule.js';
import { type DayFilter, dayFilter } from './dayFilter.js';
import type { RecurrenceRule } from './recurrenceRule.js';
import { minuteOf, nearestAllowedSlot, nextOffset, previousOffset } from './slots.js';
import { countOn, earliestLast, startTally, type Tally } from './tally.js';
import { type TimeFilter, timeFilter } from './timeFilter.js';

/** The occurrences of a recurrence rule: the instants at which its runs start. */
export interface Occurrences {
  /**
   * The first occurrence after `tMs`, or null when there is none.
   *
   * @param tMs milliseconds since the epoch; infinities are allowed
   * @param inclusive whether an occurrence at `tMs` counts; default true
   * @throws RangeError when `tMs` is not a number
   */
  after(tMs: number, inclusive?: boolean): number | null;
  /**
   * The last occurrence before `tMs`, or null when there is none. `before(Infinity)` is the last one of all.
   *
   * @param tMs milliseconds since the epoch; infinities are allowed
   * @param inclusive whether an occurrence at `tMs` counts; default true
   * @throws RangeError when `tMs` is not a number
   */
  before(tMs: number, inclusive?: boolean): number | null;
}

/**
 * The occurrences of `rule` from `startTimeMs` on, by RFC 5545 as python-dateutil evaluates it: in UTC, weeks starting on
 * Monday, up to the year 9999.
 *
 * The start time is truncated to the second and is an occurrence only if it matches the rule. The cost of a query does not
 * depend on the age of the rule, and a rule that can never match has no occurrences.
 *
 * @param startTimeMs milliseconds since the epoch, in the years 1 to 9999
 * @throws RangeError when the rule or the start time is invalid, naming the field and what is allowed in it
 */
export function occurrences(rule: RecurrenceRule, startTimeMs: number): Occurrences {
  checkRule(rule);
  checkStartTime(startTimeMs);
  const startMinute = Math.floor(startTimeMs / MS_PER_MINUTE);
  const secondMs = Math.floor((startTimeMs - startMinute * MS_PER_MINUTE) / 1000) * 1000;
  const days = dayFilter(rule, Math.floor(startMinute / MINUTES_PER_DAY));
  const times = days.months === 0 ? null : timeFilter(rule, startMinute, days.weekdays);
  if (times === null || rule.count === 0) return NEVER;
  return new Calculator(days, times, rule, startMinute, secondMs);
}

const LAST_MINUTE = Math.floor(LAST_MS / MS_PER_MINUTE);

const NEVER: Occurrences = { after: never, before: never };

class Calculator implements Occurrences {
  private readonly days: DayFilter;
  private readonly times: TimeFilter;
  private readonly startMinute: number;
  /** Offset of every occurrence within its minute. */
  private readonly secondMs: number;
  /** The last minute that the calendar, `untilMs` and, once it is known, the count allow. */
  private lastMinute: number;
  /** Null when the rule has no count, or `lastMinute` accounts for it. */
  private tally: Tally | null;

  constructor(days: DayFilter, times: TimeFilter, rule: RecurrenceRule, startMinute: number, secondMs: number) {
    const { count, untilMs = Infinity } = rule;
    this.days = days;
    this.times = times;
    this.startMinute = startMinute;
    this.secondMs = secondMs;
    this.lastMinute = Math.min(Math.floor((untilMs - secondMs) / MS_PER_MINUTE), LAST_MINUTE);
    this.tally = count === undefined ? null : startTally(days, times, startMinute, count);
  }

  after(tMs: number, inclusive = true): number | null {
    const position = (checkInstant(tMs) - this.secondMs) / MS_PER_MINUTE;
    const from = inclusive ? Math.ceil(position) : Math.floor(position) + 1;
    return this.toMs(this.firstFrom(Math.max(from, this.startMinute)));
  }

  before(tMs: number, inclusive = true): number | null {
    const position = (checkInstant(tMs) - this.secondMs) / MS_PER_MINUTE;
    const to = inclusive ? Math.floor(position) : Math.ceil(position) - 1;
    return this.toMs(this.lastTo(Math.min(to, this.lastMinute)));
  }

  private firstFrom(minute: number): number | null {
    if (minute > this.lastMinute) return null;
    const { days, times } = this;
    const from = Math.ceil((minute - times.lastOffset - times.firstMinute) / times.stepMinutes);
    const slot = nearestAllowedSlot(days, times, from, 1, Math.floor(this.lastMinute / MINUTES_PER_DAY));
    if (slot === null) return null;
    const slotMinute = minuteOf(times, slot);
    const found = slotMinute + nextOffset(times, minute - slotMinute);
    this.settleCount(found);
    return found <= this.lastMinute ? found : null;
  }

  private lastTo(minute: number): number | null {
    if (minute < this.startMinute) return null;
    const { days, times } = this;
    const from = Math.floor((minute - times.firstMinute) / times.stepMinutes);
    const slot = nearestAllowedSlot(days, times, from, -1, Math.floor(this.startMinute / MINUTES_PER_DAY));
    if (slot === null) return null;
    const slotMinute = minuteOf(times, slot);
    const found = slotMinute + previousOffset(times, minute - slotMinute);
    if (found < this.startMinute) return null;
    this.settleCount(found);
    return Math.min(found, this.lastMinute);
  }

  /** Counts only as far as needed for `minute`: most rules are never asked about their end. */
  private settleCount(minute: number): void {
    const { days, times, tally } = this;
    if (tally === null || minute < earliestLast(times, tally)) return;
    const last = countOn(days, times, tally, Math.floor(minute / MINUTES_PER_DAY));
    if (last === null) return;
    this.lastMinute = Math.min(this.lastMinute, last);
    this.tally = null;
  }

  private toMs(minute: number | null): number | null {
    return minute === null ? null : minute * MS_PER_MINUTE + this.secondMs;
  }
}

function never(tMs: number): null {
  checkInstant(tMs);
  return null;
}

function checkInstant(tMs: number): number {
  if (Number.isNaN(tMs)) throw new RangeError('tMs must be a number of milliseconds, got NaN');
  return tMs;
}
