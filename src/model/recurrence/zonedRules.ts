import { MINUTES_PER_DAY, MS_PER_MINUTE } from './calendar.js';
import { checkRule, checkStartTime } from './checkRule.js';
import { firstLocalMs, offsetAt, offsetChanges } from './localTime.js';
import { occurrences } from './recurrence.js';
import type { RecurrenceRule } from './recurrenceRule.js';
import { type DayShift, daysBetween, type UtcDays, utcDays } from './utcDays.js';
import { utcTimes } from './utcTimes.js';
import { daysRule, runsEveryDay, type WallRule, wallRule } from './wallRule.js';

/** One of the UTC rules that together mean a rule in local time, with the start time of its dispatch. */
export interface ZonedRule {
  /** The first occurrence, milliseconds since the epoch. */
  readonly startTimeMs: number;
  /** With hours and minutes, and with the last occurrence as `untilMs`. */
  readonly rule: RecurrenceRule;
}

/** Maximum number of UTC rules for each stretch between two changes of the clock. */
const MAX_RULES = 8;
/** Maximum number of years from the start to the end. */
const MAX_YEARS = 5;

/**
 * Converts a rule whose hours, weekdays, days and months are in local time to UTC rules that together have exactly its occurrences, none twice.
 *
 * For each stretch between two changes of the clock there is one rule, or several where the UTC day or hour is another. The rules are in the order
 * of their stretches, and of their start within. A local time that the zone skips takes the offset before the gap, one that it has twice
 * its first (RFC 5545 section 3.3.5); when a skipped time falls on another run, there is one run. HOURLY and MINUTELY rules step through the
 * hours of the local clock: they become DAILY.
 *
 * @param rule in local time, except `untilMs`, which is an instant; may end by `count` or `untilMs`, if that is earlier than the end
 * @param startTimeMs the first instant at which a run may start, milliseconds since the epoch; its local time is the start of the rule
 * @param zone an IANA name such as `Europe/Berlin`; the zone data are those of the runtime
 * @param untilMs the last instant at which a run may start, at most five years after the start
 * @throws RangeError when an argument is invalid, or the rule cannot be expressed in UTC: the message begins with the name of the field and says
 *   why. These are the `interval` of an HOURLY or MINUTELY rule that does not repeat daily, and lists that would take more than eight rules for one
 *   stretch, above all `byMonthDays` with times on another UTC day.
 */
export function zonedRules(rule: RecurrenceRule, startTimeMs: number, zone: string, untilMs: number): ZonedRule[] {
  checkRule(rule);
  checkStartTime(startTimeMs);
  checkEnd(startTimeMs, untilMs);
  const wallStartMs = Math.floor((startTimeMs + checkedOffset(zone, startTimeMs)) / 1000) * 1000;
  const startMinute = Math.floor(wallStartMs / MS_PER_MINUTE);
  const wall = wallRule(rule, startMinute);
  if (wall.minutes.length === 0) return [];
  const lastWallMs = rule.count === undefined ? Infinity : occurrences(rule, wallStartMs).before(Infinity);
  if (lastWallMs === null) return [];
  const plan: Plan = {
    rule,
    wall,
    secondMs: wallStartMs - startMinute * MS_PER_MINUTE,
    wallStartMs,
    lastWallMs,
    startTimeMs,
    untilMs: Math.min(untilMs, rule.untilMs ?? Infinity),
  };
  const stretches = stretchesOf(plan, zone);
  return stretches.flatMap((stretch, index) => rulesOf(plan, stretch, stretches[index + 1]));
}

const MS_PER_DAY = MINUTES_PER_DAY * MS_PER_MINUTE;

/** A rule in local time with what is known of it. */
interface Plan {
  readonly rule: RecurrenceRule;
  readonly wall: WallRule;
  /** Offset of every occurrence within its minute. */
  readonly secondMs: number;
  readonly wallStartMs: number;
  readonly lastWallMs: number;
  readonly startTimeMs: number;
  readonly untilMs: number;
}

/** The local times that have one offset, both ends included, and the offset. */
interface Stretch {
  readonly firstWallMs: number;
  readonly lastWallMs: number;
  readonly offsetMs: number;
  /** The first instant after it: local times that are skipped have later ones. */
  readonly endMs: number;
}

function stretchesOf({ rule, startTimeMs, untilMs, wallStartMs, lastWallMs }: Plan, zone: string): Stretch[] {
  // A change up to a day ago may concern the local times from the start on.
  const fromMs = startTimeMs - 2 * MS_PER_DAY;
  const changes = offsetChanges(zone, fromMs, untilMs);
  const offsets = [checkedOffset(zone, fromMs), ...changes.map(({ atMs }) => checkedOffset(zone, atMs))];
  // A start that the gap of a change moved has an earlier local time there. A count begins with the local time of the start.
  const earliestMs = rule.count === undefined ? startTimeMs : Number.POSITIVE_INFINITY;
  const stretches = offsets.map((offsetMs, index): Stretch => {
    const [begin, end] = [changes[index - 1], changes[index]];
    return {
      offsetMs,
      firstWallMs: Math.max(
        Math.min(wallStartMs, earliestMs + offsetMs),
        begin === undefined ? -Infinity : firstLocalMs(begin),
      ),
      lastWallMs: Math.min(lastWallMs, untilMs + offsetMs, end === undefined ? Infinity : firstLocalMs(end) - 1),
      endMs: end?.atMs ?? Infinity,
    };
  });
  return stretches.filter(({ firstWallMs, lastWallMs: last }) => firstWallMs <= last);
}

function rulesOf(plan: Plan, stretch: Stretch, next: Stretch | undefined): ZonedRule[] {
  const skipped = skippedInstants(plan, stretch, next);
  const fromMs = Math.max(plan.startTimeMs, stretch.firstWallMs - stretch.offsetMs);
  const toMs = Math.min(stretch.lastWallMs - stretch.offsetMs, skipped === null ? Infinity : stretch.endMs - 1);
  const rules: ZonedRule[] = (skipped ?? []).map(atMs => onlyAt(atMs));
  for (const { rule, firstDay, lastDay } of timedRules(plan, stretch, fromMs, toMs)) {
    const found = occurrences(rule, firstDay * MS_PER_DAY + plan.secondMs);
    const firstMs = found.after(fromMs);
    const lastMs = found.before(Math.min(toMs, (lastDay + 1) * MS_PER_DAY - 1));
    if (firstMs === null || lastMs === null || firstMs > lastMs) continue;
    rules.push({ startTimeMs: firstMs, rule: compact({ ...rule, untilMs: lastMs }) });
  }
  if (rules.length > MAX_RULES) throw tooMany(plan.rule, rules.length);
  return rules.sort((a, b) => a.startTimeMs - b.startTimeMs);
}

/** The days and times of a stretch in UTC, whole days at its ends. */
function timedRules(plan: Plan, stretch: Stretch, fromMs: number, toMs: number): UtcDays[] {
  const { wall } = plan;
  const isEveryDay = runsEveryDay(wall);
  const times = utcTimes(wall.minutes, stretch.offsetMs / MS_PER_MINUTE, isEveryDay);
  if (isEveryDay) {
    const range = { firstDay: dayOf(fromMs), lastDay: dayOf(toMs) };
    return times.map(({ byHours, byMinutes }) => ({ rule: { ...daysRule(wall), byHours, byMinutes }, ...range }));
  }
  const wallDays = [...wallDaysOf(plan, stretch)];
  const daysByShift = new Map<DayShift, UtcDays[]>();
  return times.flatMap(({ shift, byHours, byMinutes }) => {
    const days = daysByShift.get(shift) ?? utcDays(wall, wallDays, shift);
    daysByShift.set(shift, days);
    return days.map(({ rule, ...range }) => ({ rule: { ...rule, byHours, byMinutes }, ...range }));
  });
}

/**
 * The instants that skipped local times after a stretch get, without those on which another run falls; null: there are none of the latter, so that
 * the rules of the stretch can go on for so long.
 */
function skippedInstants(plan: Plan, stretch: Stretch, next: Stretch | undefined): number[] | null {
  const gapMs = next === undefined ? 0 : next.offsetMs - stretch.offsetMs;
  if (next === undefined || gapMs <= 0) return null;
  const skipped = wallTimesOf(plan, {
    ...stretch,
    firstWallMs: Math.max(stretch.firstWallMs, stretch.endMs + stretch.offsetMs),
  });
  const after = new Set(
    wallTimesOf(plan, { ...next, lastWallMs: Math.min(next.lastWallMs, next.firstWallMs + gapMs) }),
  );
  const alone = skipped.filter(wallMs => !after.has(wallMs + gapMs));
  return alone.length === skipped.length ? null : alone.map(wallMs => wallMs - stretch.offsetMs);
}

/** The local times of the runs of a short stretch. */
function wallTimesOf(plan: Plan, stretch: Stretch): number[] {
  return [...wallDaysOf(plan, stretch)]
    .flatMap(day => plan.wall.minutes.map(minute => day * MS_PER_DAY + minute * MS_PER_MINUTE + plan.secondMs))
    .filter(wallMs => wallMs >= stretch.firstWallMs && wallMs <= stretch.lastWallMs);
}

/** The local days of a stretch on which the rule runs, the incomplete ones included. */
function wallDaysOf({ wall, wallStartMs }: Plan, { firstWallMs, lastWallMs }: Stretch): Iterable<number> {
  return daysBetween({
    rule: daysRule(wall),
    startDay: dayOf(wallStartMs),
    firstDay: dayOf(firstWallMs),
    lastDay: dayOf(lastWallMs),
  });
}

function dayOf(ms: number): number {
  return Math.floor(ms / MS_PER_DAY);
}

/** A rule with a single occurrence. */
function onlyAt(atMs: number): ZonedRule {
  const at = new Date(atMs);
  const [byHours, byMinutes] = [[at.getUTCHours()], [at.getUTCMinutes()]];
  return { startTimeMs: atMs, rule: { frequency: 'DAILY', interval: 1, untilMs: atMs, byMinutes, byHours } };
}

/** The rule without its empty lists. */
function compact(rule: RecurrenceRule): RecurrenceRule {
  const { byWeekdays = [], byMonthDays = [], byMonths = [], ...others } = rule;
  return {
    ...others,
    ...(byWeekdays.length > 0 && { byWeekdays }),
    ...(byMonthDays.length > 0 && { byMonthDays }),
    ...(byMonths.length > 0 && { byMonths }),
  };
}

function checkEnd(startTimeMs: number, untilMs: number): void {
  const latest = new Date(startTimeMs);
  latest.setUTCFullYear(latest.getUTCFullYear() + MAX_YEARS);
  if (untilMs >= startTimeMs && untilMs <= latest.getTime()) return;
  throw new RangeError(
    `untilMs must be from the start to at most ${MAX_YEARS} years after it in a rule in local time, got ${untilMs}`,
  );
}

function checkedOffset(zone: string, tMs: number): number {
  const offsetMs = offsetAt(zone, tMs);
  if (offsetMs % MS_PER_MINUTE === 0) return offsetMs;
  throw new RangeError(`zone must be whole minutes from UTC, but ${zone} was not at that time`);
}

function tooMany({ byMonthDays = [], byMonths = [] }: RecurrenceRule, count: number): RangeError {
  const field = byMonthDays.length > 0 ? 'byMonthDays' : byMonths.length > 0 ? 'byMonths' : 'byMinutes';
  return new RangeError(
    `${field} cannot be expressed in UTC: they would take ${count} rules between two changes of the clock, and ${MAX_RULES} are allowed`,
  );
}
