import { instantOf, offsetAt, offsetChanges } from '../../model/recurrence/localTime.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import { zonedRules } from '../../model/recurrence/zonedRules.js';
import type { Run } from '../../model/schedule.js';
import type { Group } from './group.js';

/** What one dispatch of a group runs. */
export interface PartPlan {
  readonly startTimeMs: number;
  readonly durationMs: number;
  readonly rule: RecurrenceRule;
}

type EndingRun = Run & { readonly endMs: number };

/**
 * What the dispatches of a group run, in the order of their start: the UTC rules of its rule, cut at the runs that are skipped, and one for each
 * night with a change of the clock when runs end at a local time.
 *
 * @throws RangeError when the rule cannot be expressed in UTC.
 */
export function partsOf(group: Group): PartPlan[] {
  const { zone, rule, startTimeMs, untilMs, durationMs, exceptions } = group;
  const whole: PartPlan[] =
    zone === null || untilMs === null
      ? [{ startTimeMs, durationMs, rule }]
      : zonedRules(rule, startTimeMs, zone, untilMs).map(part => ({ ...part, durationMs }));
  const nights =
    group.toMinute === null ? [] : changedEnds(group, whole).filter(({ startMs }) => !exceptions.includes(startMs));
  const skipped = [...exceptions, ...nights.map(({ startMs }) => startMs)].sort((a, b) => a - b);
  const parts = [...whole.flatMap(part => withoutRuns(part, skipped)), ...nights.map(onlyRun)];
  return parts.sort((a, b) => a.startTimeMs - b.startTimeMs);
}

/**
 * A part without some of its runs: what is before, between and after them. A run that is skipped counts toward `count`.
 *
 * @param skipped instants, ascending; those that are no occurrences have no effect.
 */
function withoutRuns(part: PartPlan, skipped: readonly number[]): PartPlan[] {
  const parts: PartPlan[] = [];
  const own = skipped.filter(at => occurrences(part.rule, part.startTimeMs).after(at) === at);
  let rest = own.length === 0 ? part : { ...part, rule: withoutCount(part) };
  for (const at of own) {
    const found = occurrences(rest.rule, rest.startTimeMs);
    const [before, after] = [found.before(at, false), found.after(at, false)];
    if (before !== null) parts.push({ ...rest, rule: { ...rest.rule, untilMs: before } });
    if (after === null) return parts;
    rest = { ...rest, startTimeMs: after };
  }
  return [...parts, rest];
}

/** The runs whose local end is another than the local time of their start and their duration say, with their own end. */
function changedEnds(group: Group, parts: readonly PartPlan[]): EndingRun[] {
  return runsAtChanges(group, parts).filter(({ startMs, endMs }) => endMs !== startMs + group.durationMs);
}

/** The runs close to a change of the clock, with the end that they have by the local clock. */
export function runsAtChanges(group: Group, parts: readonly PartPlan[]): EndingRun[] {
  const { zone, durationMs } = group;
  if (zone === null) return [];
  const runs: EndingRun[] = [];
  for (const { startTimeMs, rule } of parts) {
    const found = occurrences(rule, startTimeMs);
    const lastMs = found.before(Number.POSITIVE_INFINITY) ?? startTimeMs;
    for (const { atMs } of offsetChanges(zone, startTimeMs, lastMs + durationMs)) {
      let startMs = found.after(atMs - durationMs - LONGEST_CHANGE_MS);
      while (startMs !== null && startMs <= atMs + LONGEST_CHANGE_MS) {
        runs.push({ startMs, endMs: localEnd(group, zone, startMs) });
        startMs = found.after(startMs, false);
      }
    }
  }
  // A run may be close to two changes.
  return [...new Map(runs.map(run => [run.startMs, run])).values()];
}

const DAY_MS = 24 * 3_600_000;
const LONGEST_CHANGE_MS = DAY_MS;

/**
 * When a run ends by the local clock: at the time of day of the group, or its duration later by that clock. A run whose start the clock moves to
 * its end or past it has its duration.
 */
export function localEnd(
  { toMinute, durationMs }: Pick<Group, 'toMinute' | 'durationMs'>,
  zone: string,
  startMs: number,
): number {
  const localStartMs = startMs + offsetAt(zone, startMs);
  if (toMinute === null) return instantOf(zone, localStartMs + durationMs);
  const movedMs = (localStartMs + durationMs - toMinute * 60_000) % DAY_MS;
  if (movedMs >= durationMs) return startMs + durationMs;
  const sameDayMs = Math.floor(localStartMs / DAY_MS) * DAY_MS + toMinute * 60_000;
  return instantOf(zone, sameDayMs > localStartMs ? sameDayMs : sameDayMs + DAY_MS);
}

function onlyRun({ startMs, endMs }: EndingRun): PartPlan {
  const at = new Date(startMs);
  const [byHours, byMinutes] = [[at.getUTCHours()], [at.getUTCMinutes()]];
  const rule: RecurrenceRule = { frequency: 'DAILY', interval: 1, untilMs: startMs, byHours, byMinutes };
  return { startTimeMs: startMs, durationMs: endMs - startMs, rule };
}

/** The rule with its last occurrence in place of its count. */
export function withoutCount({ rule: { count, ...rule }, startTimeMs }: PartPlan): RecurrenceRule {
  if (count === undefined) return rule;
  const lastMs = occurrences({ ...rule, count }, startTimeMs).before(Number.POSITIVE_INFINITY);
  return { ...rule, untilMs: lastMs ?? startTimeMs };
}
