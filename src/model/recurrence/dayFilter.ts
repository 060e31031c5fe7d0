import { firstDayOfMonth, greatestCommonDivisor, monthOfDay, weekdayOf, weekOfDay } from './calendar.js';
import { type CheckedRule, WEEKDAYS } from './checkRule.js';

/** The days a rule allows: by its BY lists, and by its interval when that counts weeks, months or years. */
export interface DayFilter {
  /** Whether it is every day, so that nothing has to be looked up. */
  readonly everyDay: boolean;
  /** Bits 0…11 for January…December; 0 when no day is allowed. */
  readonly months: number;
  /** Bits 0…30 for the days 1…31 of a month. */
  readonly monthDays: number;
  /** Bits for days counted from the end of a month: 30 for the last, down to 0 for the 31st last. */
  readonly monthDaysFromEnd: number;
  /** Bits 0…6 for Monday…Sunday. */
  readonly weekdays: number;
  /** Every how many weeks. */
  readonly weekInterval: number;
  readonly firstWeek: number;
  /** Every how many periods of `periodMonths` months. */
  readonly periodInterval: number;
  readonly firstPeriod: number;
  readonly periodMonths: 1 | 12;
}

const ALL_MONTHS = 0xfff;
const ALL_MONTH_DAYS = 0x7fffffff;
export const ALL_WEEKDAYS = 0x7f;
/** An interval that is longer than the calendar in weeks, months and years, so that none need be taken for more. */
const ONCE = 1_000_000;
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const EVERY_DAY: DayFilter = {
  everyDay: true,
  months: ALL_MONTHS,
  monthDays: ALL_MONTH_DAYS,
  monthDaysFromEnd: 0,
  weekdays: ALL_WEEKDAYS,
  weekInterval: 1,
  firstWeek: 0,
  periodInterval: 1,
  firstPeriod: 0,
  periodMonths: 1,
};

/** The days that `rule` allows when it starts on the day number `startDay`. */
export function dayFilter(rule: CheckedRule, startDay: number): DayFilter {
  const { frequency, byMonths = [], byMonthDays = [], byWeekdays = [] } = rule;
  const interval = Math.min(rule.interval, ONCE);
  const monthly = frequency === 'MONTHLY';
  const yearly = frequency === 'YEARLY';
  const startMonth = monthOfDay(startDay);
  let months = maskOf(byMonths.map(month => month - 1));
  let monthDays = maskOf(byMonthDays.filter(day => day > 0).map(day => day - 1));
  let weekdays = maskOf(byWeekdays.map(weekday => WEEKDAYS.indexOf(weekday)));
  // A rule that names no day takes it from its start (RFC 5545 section 3.3.10).
  if (byMonthDays.length === 0 && byWeekdays.length === 0) {
    if (frequency === 'WEEKLY') weekdays = 1 << weekdayOf(startDay);
    if (monthly || yearly) monthDays = 1 << (startDay - firstDayOfMonth(startMonth));
    if (yearly && months === 0) months = 1 << (startMonth % 12);
  }
  const monthDaysFromEnd = maskOf(byMonthDays.filter(day => day < 0).map(day => 31 + day));
  const filter = {
    months: months || ALL_MONTHS,
    monthDays: monthDays === 0 && monthDaysFromEnd === 0 ? ALL_MONTH_DAYS : monthDays,
    monthDaysFromEnd,
    weekdays: weekdays || ALL_WEEKDAYS,
  };
  const everyMonthDay = filter.monthDays === ALL_MONTH_DAYS && filter.weekdays === ALL_WEEKDAYS;
  const everyPeriod = interval === 1 || !(monthly || yearly || frequency === 'WEEKLY');
  if (everyMonthDay && everyPeriod && filter.months === ALL_MONTHS) return EVERY_DAY;
  return {
    everyDay: false,
    ...filter,
    months: filter.months & monthsThatHold(filter) & (monthly ? monthsInPhase(startMonth, interval) : ALL_MONTHS),
    weekInterval: frequency === 'WEEKLY' ? interval : 1,
    firstWeek: weekOfDay(startDay),
    periodInterval: monthly || yearly ? interval : 1,
    firstPeriod: yearly ? Math.floor(startMonth / 12) : startMonth,
    periodMonths: yearly ? 12 : 1,
  };
}

/** The allowed days of a month of `length` days whatever their weekdays: bits 0…30 for the days 1…31. */
export function daysOfLength(filter: Pick<DayFilter, 'monthDays' | 'monthDaysFromEnd'>, length: number): number {
  const shorter = 31 - length;
  return (filter.monthDays | (filter.monthDaysFromEnd >>> shorter)) & (ALL_MONTH_DAYS >>> shorter);
}

/** The months that are long enough to have an allowed day, so that no search is made for a 30 February. */
function monthsThatHold(filter: Pick<DayFilter, 'monthDays' | 'monthDaysFromEnd'>): number {
  return LONGEST_MONTHS.reduce(
    (months, length, month) => (daysOfLength(filter, length) === 0 ? months : months | (1 << month)),
    0,
  );
}

/** The months of the year that every `interval`th month from `startMonth` on comes to. */
function monthsInPhase(startMonth: number, interval: number): number {
  const step = greatestCommonDivisor(interval, 12);
  let months = 0;
  for (let month = startMonth % step; month < 12; month += step) months |= 1 << month;
  return months;
}

function maskOf(bits: readonly number[]): number {
  return bits.reduce((mask, bit) => mask | (1 << bit), 0);
}
