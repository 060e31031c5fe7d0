import { MINUTES_PER_DAY, MS_PER_MINUTE } from '../../model/recurrence/calendar.js';
import { checkRule } from '../../model/recurrence/checkRule.js';
import { offsetAt } from '../../model/recurrence/localTime.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import { wallRule } from '../../model/recurrence/wallRule.js';
import { InvalidPlan } from '../planError.js';
import { type Group, newGroupId } from './group.js';
import { partsOf } from './groupParts.js';

/** What a group is made of. */
export interface GroupInput {
  readonly zone: string;
  readonly startTimeMs: number;
  /** The local time that was given for the start, as if it were UTC, where the zone may skip it. @default that of the start */
  readonly localStartMs?: number | undefined;
  /** With its end. */
  readonly rule: RecurrenceRule;
  readonly durationMs: number | null;
  readonly toMinute: number | null;
}

/**
 * Makes a group of a rule in local time.
 *
 * @throws InvalidPlan when something is missing, or the rule cannot be expressed in UTC.
 */
export function newGroup(
  { zone, startTimeMs, localStartMs, rule, durationMs, toMinute }: GroupInput,
  id = newGroupId(),
): Group {
  const { untilMs, count, ...endless } = rule;
  if (count !== undefined)
    throw new InvalidPlan('A rule in local time ends by --until: --count cannot be used with it.');
  if (untilMs === undefined) throw new InvalidPlan(NEEDS_UNTIL);
  if (untilMs < startTimeMs) throw new InvalidPlan('The end of --until is before the start of the rule.');
  const takenMs = startTimeMs + offsetAt(zone, startTimeMs);
  const timed = withTimes(endless, localStartMs ?? takenMs);
  if (localStartMs !== undefined && !checked(() => isSameRule(timed, localStartMs, takenMs))) {
    throw new InvalidPlan(
      `The start does not exist in ${zone}, where the clock goes forward over it, and the rule counts from it: give another start.`,
    );
  }
  const spanMs = toMinute === null ? durationMs : spanTo(timed, toMinute);
  if (spanMs === null) throw new InvalidPlan('A rule in local time needs a duration, or --to.');
  const group: Group = {
    id,
    zone,
    rule: timed,
    startTimeMs: Math.floor(startTimeMs / 1000) * 1000,
    untilMs: Math.floor(untilMs / 1000) * 1000,
    durationMs: spanMs,
    toMinute,
    exceptions: [],
  };
  const parts = checked(() => partsOf(group));
  if (parts.length === 0) throw new InvalidPlan('The rule reaches no time from its start to its end.');
  return group;
}

/** Turns the refusal of a rule into that of a plan. */
function checked<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if (error.message.startsWith('untilMs ')) throw new InvalidPlan(NEEDS_UNTIL);
    throw new InvalidPlan(`The rule cannot be used in local time: ${error.message}.`);
  }
}

const NEEDS_UNTIL = 'A rule in local time needs an --until, at most five years after its start.';

/** The rule with the hours and minutes that it takes from its start, so that its text says them. */
function withTimes(rule: RecurrenceRule, localMs: number): RecurrenceRule {
  if (rule.frequency === 'HOURLY' || rule.frequency === 'MINUTELY') return rule;
  const start = new Date(localMs);
  const { byHours = [], byMinutes = [] } = rule;
  return {
    ...rule,
    byHours: byHours.length > 0 ? byHours : [start.getUTCHours()],
    byMinutes: byMinutes.length > 0 ? byMinutes : [start.getUTCMinutes()],
  };
}

/** Whether a rule has the same days and times from one start as from another. */
function isSameRule(rule: RecurrenceRule, ...localMs: readonly [number, number]): boolean {
  checkRule(rule);
  const [one, other] = localMs.map(ms => {
    const minute = Math.floor(ms / MS_PER_MINUTE);
    return JSON.stringify([Math.floor(minute / MINUTES_PER_DAY), wallRule(rule, minute)]);
  });
  return one === other;
}

function spanTo({ byHours = [], byMinutes = [] }: RecurrenceRule, toMinute: number): number {
  const [hour, minute] = [byHours[0], byMinutes[0]];
  if (hour === undefined || minute === undefined || byHours.length + byMinutes.length > 2) {
    throw new InvalidPlan('--to needs a rule with one time of day: give a duration instead.');
  }
  const minutes = (toMinute - hour * 60 - minute + MINUTES_PER_DAY) % MINUTES_PER_DAY;
  return (minutes === 0 ? MINUTES_PER_DAY : minutes) * 60_000;
}
