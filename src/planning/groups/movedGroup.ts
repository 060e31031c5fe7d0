import { offsetAt } from '../../model/recurrence/localTime.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import { zonedTimeText } from '../zonedTimeText.js';
import type { Group } from './group.js';
import { partsOf } from './groupParts.js';

/**
 * The start of a group that is prolonged: five years after it a rule in local time must end, so one that goes on for longer starts at its last run
 * before now, which changes nothing of the runs to come.
 */
export function rebased(group: Group, untilMs: number, nowMs: number): number {
  const latest = new Date(group.startTimeMs);
  latest.setUTCFullYear(latest.getUTCFullYear() + MAX_YEARS);
  if (untilMs <= latest.getTime()) return group.startTimeMs;
  const before = wholeParts(group).flatMap(
    ({ startTimeMs, rule }) => occurrences(rule, startTimeMs).before(nowMs) ?? [],
  );
  return before.length === 0 ? group.startTimeMs : Math.max(...before);
}

/**
 * The skipped runs of a group whose schedule changed: of each day on which it has as many runs as before, the one with the same number, such as
 * the second one; of another day, those that are still there. A day is one of the local clock, without a zone of UTC.
 */
export function movedExceptions(before: Group, after: Group): number[] {
  const moved = before.exceptions.flatMap(at => movedRun(before, after, at) ?? []);
  return [...new Set(moved)].sort((a, b) => a - b);
}

/** Names the skipped runs to come that a group whose schedule changed does not have any more: a sentence, or none. */
export function lostRunNotes(before: Group, after: Group, nowMs: number): string[] {
  const gone = before.exceptions.filter(at => at > nowMs && !after.exceptions.includes(at));
  const lost = gone.filter(at => movedRun(before, after, at) === undefined);
  const times = lost.map(at => zonedTimeText(at, before.zone ?? 'UTC')).join(', ');
  if (lost.length === 0) return [];
  return [
    lost.length === 1
      ? `The run of ${times} was skipped, and has none in its place now: it does not count as skipped any more.`
      : `The runs of ${times} were skipped, and have none in their place now: they do not count as skipped any more.`,
  ];
}

/** What of a group with another schedule is the run that was at an instant; undefined: none is. */
function movedRun(before: Group, after: Group, at: number): number | undefined {
  const [was, is] = [runsOfDay(before, at), runsOfDay(after, at)];
  if (was.length !== is.length) return is.find(run => run === at);
  return is[Math.max(0, was.indexOf(at))];
}

/** As `zonedRules` has it. */
const MAX_YEARS = 5;
const DAY_MS = 24 * 3_600_000;

/** The runs of a group, skipped or not, on the local day of an instant. */
function runsOfDay(group: Group, atMs: number): number[] {
  const dayOf = (ms: number) => Math.floor((ms + (group.zone === null ? 0 : offsetAt(group.zone, ms))) / DAY_MS);
  const day = dayOf(atMs);
  const runs: number[] = [];
  for (const { startTimeMs, rule } of wholeParts(group)) {
    const found = occurrences(rule, startTimeMs);
    let next = found.after(atMs - 2 * DAY_MS);
    while (next !== null && next < atMs + 2 * DAY_MS) {
      if (dayOf(next) === day) runs.push(next);
      next = found.after(next, false);
    }
  }
  return runs.sort((a, b) => a - b);
}

/** What the group runs when nothing is skipped. */
function wholeParts(group: Group) {
  return partsOf({ ...group, exceptions: [], toMinute: null });
}
