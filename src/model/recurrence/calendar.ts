/** Forwards or backwards in time. */
export type Direction = 1 | -1;

export const MS_PER_MINUTE = 60_000;
export const MINUTES_PER_DAY = 1440;
export const MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY;

/** 0001-01-01, a Monday, as a day number: days since 1970-01-01. Rules begin no earlier. */
export const FIRST_DAY = -719_162;
/** 9999-12-31 as a day number. Rules reach no further. */
const LAST_DAY = 2_932_896;

/** The first and the last millisecond of these days, since the epoch. */
export const FIRST_MS = FIRST_DAY * MINUTES_PER_DAY * MS_PER_MINUTE;
export const LAST_MS = (LAST_DAY + 1) * MINUTES_PER_DAY * MS_PER_MINUTE - 1;

/** January of the year 1 as a month number: months since January of the year 0. */
export const FIRST_MONTH = 12;
/** December of the year 9999 as a month number. */
export const LAST_MONTH = 119_999;

const JANUARY_YEAR_0 = -719_528;
const MONTHS_PER_CYCLE = 4800;
const DAYS_PER_CYCLE = 146_097;

/** The first day of each month of the calendar's cycle of 400 years, and of the month after it. */
const MONTH_STARTS = monthStarts();

/**
 * The month number of a day.
 *
 * @param day a day number from {@link FIRST_DAY} to {@link LAST_DAY}
 */
export function monthOfDay(day: number): number {
  const days = day - JANUARY_YEAR_0;
  const cycle = Math.floor(days / DAYS_PER_CYCLE);
  const dayOfCycle = days - cycle * DAYS_PER_CYCLE;
  // By the mean length of a month the guess is right or one too low or high.
  const guess = Math.floor((dayOfCycle * MONTHS_PER_CYCLE) / DAYS_PER_CYCLE);
  const late = dayOfCycle < startOf(guess) ? -1 : dayOfCycle >= startOf(guess + 1) ? 1 : 0;
  return cycle * MONTHS_PER_CYCLE + guess + late;
}

/**
 * The day number of the first day of a month.
 *
 * @param month a month number, 0 or more
 */
export function firstDayOfMonth(month: number): number {
  const cycle = Math.floor(month / MONTHS_PER_CYCLE);
  return startOf(month - cycle * MONTHS_PER_CYCLE) + cycle * DAYS_PER_CYCLE + JANUARY_YEAR_0;
}

/**
 * The weekday of a day: 0 for Monday to 6 for Sunday.
 *
 * @param day a day number, {@link FIRST_DAY} or later
 */
export function weekdayOf(day: number): number {
  return (day - FIRST_DAY) % 7;
}

/** The number of a day's week: weeks since 0001-01-01, from Monday to Sunday. */
export function weekOfDay(day: number): number {
  return Math.floor((day - FIRST_DAY) / 7);
}

/** The remainder of a division, with the sign of the divisor. */
export function modulo(value: number, divisor: number): number {
  return value - divisor * Math.floor(value / divisor);
}

/** The greatest common divisor of two positive integers. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function startOf(monthOfCycle: number): number {
  return MONTH_STARTS[monthOfCycle] ?? 0;
}

function monthStarts(): Int32Array {
  const starts = new Int32Array(MONTHS_PER_CYCLE + 1);
  let day = 0;
  for (let month = 0; month < MONTHS_PER_CYCLE; month += 1) {
    starts[month] = day;
    const year = Math.floor(month / 12);
    const leapYear = year % 4 === 0 && (year % 100 !== 0 || year === 0);
    day += [31, leapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month % 12] ?? 0;
  }
  starts[MONTHS_PER_CYCLE] = day;
  return starts;
}
