import { offsetAt } from '../../model/recurrence/localTime.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
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

/** The skipped runs of a group whose rule changed: of each local day the run with the same number, such as the second one. */
export function movedExceptions(before: Group, after: Group): number[] {
  const moved = before.exceptions.flatMap(at => {
    const index = runsOfDay(before, at).indexOf(at);
    return runsOfDay(after, at)[Math.max(0, index)] ?? [];
  });
  return [...new Set(moved)].sort((a, b) => a - b);
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
