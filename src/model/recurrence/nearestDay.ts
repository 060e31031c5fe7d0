import {
  type Direction,
  FIRST_DAY,
  FIRST_MONTH,
  firstDayOfMonth,
  LAST_MONTH,
  modulo,
  monthOfDay,
  weekdayOf,
} from './calendar.js';
import { ALL_WEEKDAYS, type DayFilter, daysOfLength } from './dayFilter.js';

/**
 * The allowed day that is nearest to `from` in `direction`, `from` itself included; null when `end` comes first.
 *
 * @param from any integer
 * @param end the last day to look at, a day of the calendar
 */
export function nearestDay(filter: DayFilter, from: number, direction: Direction, end: number): number | null {
  let day = from;
  while ((end - day) * direction >= 0) {
    if (filter.everyDay) return day;
    const found = nearestDayOfMonths(filter, day, direction, end);
    if (found === null) return null;
    day = nearestInPhase(found - FIRST_DAY, direction, 7, filter.weekInterval, filter.firstWeek) + FIRST_DAY;
    if (day === found) return day;
  }
  return null;
}

function nearestDayOfMonths(filter: DayFilter, from: number, direction: Direction, end: number): number | null {
  let month = nearestMonth(filter, monthOfDay(from), direction);
  while (month >= FIRST_MONTH && month <= LAST_MONTH) {
    const firstDay = firstDayOfMonth(month);
    if ((direction > 0 ? firstDay - end : end - firstDay - 30) > 0) return null;
    const onwards = direction > 0 ? -1 << Math.max(0, from - firstDay) : -1 >>> Math.max(0, 31 - (from - firstDay));
    const days = daysOfMonth(filter, month, firstDay) & onwards;
    if (days !== 0) return firstDay + 31 - Math.clz32(direction > 0 ? days & -days : days);
    month = nearestMonth(filter, month + direction, direction);
  }
  return null;
}

/** The month nearest to `from` that is allowed by its name and its phase; one out of the calendar when there is none. */
function nearestMonth(filter: DayFilter, from: number, direction: Direction): number {
  const twoYears = filter.months | (filter.months << 12);
  let month = from;
  for (;;) {
    month = nearestInPhase(month, direction, filter.periodMonths, filter.periodInterval, filter.firstPeriod);
    if (month < FIRST_MONTH || month > LAST_MONTH) return month;
    const name = month % 12;
    const ahead = twoYears >>> name;
    const away = direction > 0 ? 31 - Math.clz32(ahead & -ahead) : Math.clz32(twoYears << (19 - name));
    if (away === 0) return month;
    month += away * direction;
  }
}

/** The position nearest to `from` whose block, of `blockLength` positions, is a multiple of `interval` from `origin`. */
function nearestInPhase(
  from: number,
  direction: Direction,
  blockLength: number,
  interval: number,
  origin: number,
): number {
  if (interval === 1) return from;
  const block = Math.floor(from / blockLength);
  const away = modulo((origin - block) * direction, interval);
  if (away === 0) return from;
  return (block + away * direction) * blockLength + (direction > 0 ? 0 : blockLength - 1);
}

/** The allowed days of one month: bits 0…30 for the days 1…31. */
function daysOfMonth(filter: DayFilter, month: number, firstDay: number): number {
  const days = daysOfLength(filter, firstDayOfMonth(month + 1) - firstDay);
  if (filter.weekdays === ALL_WEEKDAYS) return days;
  const week = ((filter.weekdays | (filter.weekdays << 7)) >>> weekdayOf(firstDay)) & ALL_WEEKDAYS;
  return days & (week | (week << 7) | (week << 14) | (week << 21) | (week << 28));
}
