import { firstDayOfMonth, MINUTES_PER_DAY, MS_PER_MINUTE, monthOfDay, weekdayOf, weekOfDay } from './calendar.js';
import { WEEKDAYS } from './checkRule.js';
import { occurrences } from './recurrence.js';
import type { RecurrenceRule } from './recurrenceRule.js';
import { daysRule, type WallRule } from './wallRule.js';

/** How many days the UTC day is after the local day of the same instant. */
export type DayShift = -1 | 0 | 1;

/** Days in UTC: those from `firstDay` to `lastDay` on which `rule`, a rule of midnights, has an occurrence when it starts on `firstDay`. */
export interface UtcDays {
  readonly rule: RecurrenceRule;
  readonly firstDay: number;
  readonly lastDay: number;
}

/**
 * Finds rules that together give exactly the days `wallDays`, each `shift` later. Day numbers are days since 1970-01-01.
 *
 * The lists of the rule are shifted: a weekday to the one before or after it, a day of the month likewise, the first one to the last one of the
 * month before. A rule of every n-th week, month or year gets another rule for the days that the shift moves to another week, month or year. Days
 * that no such list reaches, such as 28 February for the 29th of each month, get a rule of their own.
 *
 * @param wallDays the days in local time on which `wall` runs, ascending, within a few years
 */
export function utcDays(wall: WallRule, wallDays: readonly number[], shift: DayShift): UtcDays[] {
  const groups = new Map<string, Group>();
  for (const wallDay of wallDays) {
    const { key, ...kind } = kindOf(wall, wallDay, shift);
    const group = groups.get(key) ?? { ...kind, days: [] };
    groups.set(key, group);
    group.days.push(wallDay + shift);
  }
  return [...groups.values()].flatMap(group => daysOfGroup(wall, group, shift));
}

/** Whether the shift moves a day to another period of the rule; null: it does not matter. */
type Crossing = boolean | null;

interface Kind {
  readonly frequency: WallRule['frequency'];
  readonly interval: number;
  readonly crossing: Crossing;
}

/** Days in UTC that can have the same frequency, interval and start. */
interface Group extends Kind {
  readonly days: number[];
}

/** The largest interval that a service accepts; in days it is longer than any rule in local time. */
const MAX_INTERVAL = 10_000;

function kindOf(wall: WallRule, wallDay: number, shift: DayShift): Kind & { readonly key: string } {
  const { frequency, interval, months, monthDays } = wall;
  const same = { frequency, interval, crossing: null, key: '' };
  if (interval === 1 || frequency === 'DAILY') return same;
  const day = wallDay + shift;
  if (frequency === 'WEEKLY') {
    // A service refuses days of the month in a WEEKLY rule, so each weekday becomes a DAILY rule.
    if (monthDays.length > 0 || (months.length > 0 && shift !== 0)) {
      const everyDays = Math.min(7 * interval, MAX_INTERVAL);
      return { frequency: 'DAILY', interval: everyDays, crossing: null, key: String(weekdayOf(day)) };
    }
    return { ...same, key: String(weekOfDay(day) === weekOfDay(wallDay)) };
  }
  const periodMonths = frequency === 'MONTHLY' ? 1 : 12;
  const crossing = Math.floor(monthOfDay(day) / periodMonths) !== Math.floor(monthOfDay(wallDay) / periodMonths);
  return { ...same, crossing: shift === 0 ? null : crossing, key: String(crossing) };
}

function daysOfGroup(wall: WallRule, { frequency, interval, crossing, days }: Group, shift: DayShift): UtcDays[] {
  const [firstDay = 0] = days;
  const lastDay = days.at(-1) ?? firstDay;
  const present = new Set(days.map(day => WEEKDAYS[weekdayOf(day)]));
  const namesWeekdays = wall.weekdays.length > 0 && frequency === wall.frequency;
  const weekdays = namesWeekdays ? WEEKDAYS.filter(weekday => present.has(weekday)) : [];
  const found: UtcDays[] = [];
  const left = new Set(days);
  for (const { months, monthDays } of monthLists(wall, crossing, firstDay, lastDay, shift)) {
    const isWeekly = frequency === 'WEEKLY' && monthDays.length === 0;
    const rule = daysRule({
      frequency: frequency === 'WEEKLY' && !isWeekly ? 'DAILY' : frequency,
      interval,
      weekdays,
      months,
      monthDays,
    });
    const rules = { rule, firstDay, lastDay };
    for (const day of daysBetween(rules)) {
      if (!left.delete(day)) throw new Error(`a rule in local time gave the wrong day ${day}: ${JSON.stringify(wall)}`);
    }
    found.push(rules);
  }
  const everyDay = daysRule({ frequency: 'DAILY', interval: 1, weekdays: [], monthDays: [], months: [] });
  return [...found, ...[...left].map(day => ({ rule: everyDay, firstDay: day, lastDay: day }))];
}

/**
 * The days from `firstDay` to `lastDay` on which a rule of midnights has an occurrence.
 *
 * @param startDay the day on which the rule starts; default `firstDay`
 */
export function* daysBetween({
  rule,
  firstDay,
  lastDay,
  startDay = firstDay,
}: UtcDays & { readonly startDay?: number }): Generator<number, void, void> {
  const found = occurrences(rule, startDay * MS_PER_DAY);
  let nextMs = found.after(firstDay * MS_PER_DAY);
  while (nextMs !== null && nextMs <= lastDay * MS_PER_DAY) {
    yield nextMs / MS_PER_DAY;
    nextMs = found.after(nextMs, false);
  }
}

const MS_PER_DAY = MINUTES_PER_DAY * MS_PER_MINUTE;

interface MonthLists {
  /** 1…12; empty: any. */
  readonly months: readonly number[];
  /** As in a rule; empty: any. */
  readonly monthDays: readonly number[];
}

/** Lists of months and of their days in UTC that together mean those of a rule in local time, in the months of a range of days. */
function monthLists(
  wall: WallRule,
  crossing: Crossing,
  firstDay: number,
  lastDay: number,
  shift: DayShift,
): Iterable<MonthLists> {
  const { months, monthDays } = wall;
  if (months.length === 0 && monthDays.length === 0 && crossing === null) return [{ months, monthDays }];
  const wanted = new Map<number, { readonly length: number; readonly days: number }[]>();
  for (let month = monthOfDay(firstDay); month <= monthOfDay(lastDay); month += 1) {
    const days = daysOfMonth(wall, crossing, month, shift);
    const ofYear = (month % 12) + 1;
    wanted.set(ofYear, [...(wanted.get(ofYear) ?? []), { length: lengthOf(month), days }]);
  }
  const candidates = shiftedLists(monthDays, shift);
  const found = new Map<string, { months: number[]; monthDays: readonly number[] }>();
  for (const [month, all] of [...wanted].sort(([a], [b]) => a - b)) {
    const common = all.reduce((mask, { days }) => mask & days, ALL_DAYS);
    const fitting = candidates.find(list => all.every(({ length, days }) => maskOf(list, length) === days));
    if (common === 0) continue;
    const list = fitting ?? daysIn(common);
    const lists = found.get(String(list)) ?? { months: [], monthDays: list };
    found.set(String(list), lists);
    lists.months.push(month);
  }
  return [...found.values()].map(lists =>
    months.length === 0 && lists.months.length === wanted.size ? { ...lists, months } : lists,
  );
}

const ALL_DAYS = 0x7fffffff;

/** The days of the UTC month number `month` on which a rule may run, by its months and their days: bit 0 for the first. */
function daysOfMonth(wall: WallRule, crossing: Crossing, month: number, shift: DayShift): number {
  const length = lengthOf(month);
  const allowed = (local: number) => {
    const isAllowed = wall.months.length === 0 || wall.months.includes((local % 12) + 1);
    return isAllowed ? maskOf(wall.monthDays, lengthOf(local)) : 0;
  };
  if (shift === 0) return allowed(month);
  const inner = shift === 1 ? (allowed(month) << 1) & maskOf([], length) : allowed(month) >>> 1;
  const isMoved = shift === 1 ? allowed(month - 1) >>> (lengthOf(month - 1) - 1) : allowed(month + 1) & 1;
  const edge = isMoved === 0 ? 0 : shift === 1 ? 1 : 1 << (length - 1);
  if (crossing === null) return inner | edge;
  const edgeCrosses = wall.frequency === 'MONTHLY' || month % 12 === (shift === 1 ? 0 : 11);
  return (crossing ? 0 : inner) | (crossing === edgeCrosses ? edge : 0);
}

/** The lists of days of the month that may mean `monthDays` a shift later: all, those that stay in their month, those that leave it. */
function shiftedLists(monthDays: readonly number[], shift: DayShift): (readonly number[])[] {
  if (shift === 0) return [monthDays];
  const edge = shift === 1 ? 1 : -1;
  if (monthDays.length === 0) {
    const inner = Array.from({ length: 30 }, (_, index) => (shift === 1 ? index + 2 : index - 31));
    return [[], inner, [edge]];
  }
  const inner = monthDays.map(day => day + shift).filter(day => day !== 0 && Math.abs(day) <= 31);
  return [[...inner, edge], inner, [edge]].filter(list => list.length > 0);
}

/** The days of a month that a list means: bit 0 for the first. */
function maskOf(list: readonly number[], length: number): number {
  const all = ALL_DAYS >>> (31 - length);
  if (list.length === 0) return all;
  return list.reduce((mask, day) => {
    const index = day > 0 ? day - 1 : length + day;
    return index < 0 || index >= length ? mask : mask | (1 << index);
  }, 0);
}

function daysIn(mask: number): number[] {
  return Array.from({ length: 31 }, (_, index) => index + 1).filter(day => (mask >>> (day - 1)) & 1);
}

function lengthOf(month: number): number {
  return firstDayOfMonth(month + 1) - firstDayOfMonth(month);
}
