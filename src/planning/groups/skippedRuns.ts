import { occurrences } from '../../model/recurrence/recurrence.js';
import { PlanError } from '../planError.js';
import { zonedTimeText } from '../zonedTimeText.js';
import type { Group } from './group.js';
import { localEnd, type PartPlan, partsOf } from './groupParts.js';
import type { LiveGroup } from './liveGroup.js';

/** When a run starts: at one instant, or on a day; both ends are included, milliseconds since the epoch. */
export interface Starts {
  readonly fromMs: number;
  readonly lastMs: number;
}

/**
 * The next run of a group that is not skipped.
 *
 * @throws PlanError when none is to come, or it is the only one.
 */
export function nextRun(live: LiveGroup, nowMs: number): number {
  const next = partsOf(live.group).flatMap(
    ({ rule, startTimeMs }) => occurrences(rule, startTimeMs).after(nowMs, false) ?? [],
  );
  if (next.length === 0) throw new PlanError('NOT_FOUND', 'No run is to come.');
  return checkedRun(live, Math.min(...next));
}

/**
 * The run that is named by its start, or by its day when one run starts on it.
 *
 * @throws PlanError when there is no such run, or it is on, is over, is skipped already, or is the only one.
 */
export function runToSkip(live: LiveGroup, starts: Starts, nowMs: number): number {
  const { group } = live;
  const named = namedRuns(live, starts);
  const [atMs, second] = named.runs;
  if (atMs === undefined) throw new PlanError('NOT_FOUND', `No run starts ${named.when}.`);
  if (second !== undefined)
    throw new PlanError(
      'FAILED_PRECONDITION',
      `Several runs start ${named.when}: give the time, such as ${timeOf(live, second)}.`,
    );
  if (group.exceptions.includes(atMs))
    throw new PlanError('FAILED_PRECONDITION', `The run of ${timeOf(live, atMs)} is skipped already.`);
  const endMs = endOfRun(group, atMs);
  if (atMs <= nowMs) {
    const isOn = endMs > nowMs;
    throw new PlanError(
      'FAILED_PRECONDITION',
      `The run of ${timeOf(live, atMs)} is ${isOn ? 'on: use pause' : 'over'}.`,
    );
  }
  return checkedRun(live, atMs);
}

/**
 * The skipped run that is named; without a name the only one to come.
 *
 * @throws PlanError when there is none, or none is named and there are several.
 */
export function skippedRun(live: LiveGroup, starts: Starts | undefined, nowMs: number): number {
  const skipped = live.group.exceptions;
  const toCome = skipped.filter(at => at > nowMs);
  if (starts === undefined) {
    const [atMs, second] = toCome;
    if (atMs === undefined) throw new PlanError('FAILED_PRECONDITION', 'No run that is to come is skipped.');
    if (second === undefined) return atMs;
    throw new PlanError(
      'FAILED_PRECONDITION',
      `Give one of the runs that are skipped: ${toCome.map(at => timeOf(live, at)).join(', ')}.`,
    );
  }
  const { runs, when } = namedRuns(live, starts);
  const [atMs] = runs.filter(at => skipped.includes(at));
  if (runs.length === 0) throw new PlanError('NOT_FOUND', `No run starts ${when}.`);
  if (atMs === undefined) throw new PlanError('FAILED_PRECONDITION', `No run is skipped that starts ${when}.`);
  if (atMs <= nowMs) throw new PlanError('FAILED_PRECONDITION', `The run of ${timeOf(live, atMs)} would be over.`);
  return atMs;
}

function namedRuns(live: LiveGroup, { fromMs, lastMs }: Starts) {
  const { group } = live;
  const runs = partsOf({ ...group, exceptions: [] }).flatMap(part => [...startsOf(part, fromMs, lastMs + 999)]);
  const when = lastMs === fromMs ? `at ${timeOf(live, fromMs)}` : `on the day that begins at ${timeOf(live, fromMs)}`;
  return { runs: runs.sort((a, b) => a - b), when };
}

function* startsOf({ rule, startTimeMs }: PartPlan, fromMs: number, toMs: number): Generator<number, void, void> {
  const found = occurrences(rule, startTimeMs);
  for (let next = found.after(fromMs); next !== null && next <= toMs; next = found.after(next, false)) yield next;
}

/** The end of a run, at a local time where the group says one. */
function endOfRun(group: Group, atMs: number): number {
  if (group.toMinute === null || group.zone === null) return atMs + group.durationMs;
  return localEnd(group, group.zone, atMs);
}

/** Refuses to skip the last run that is left: nothing would hold that it is skipped. */
function checkedRun({ group }: LiveGroup, atMs: number): number {
  if (partsOf({ ...group, exceptions: [...group.exceptions, atMs].sort((a, b) => a - b) }).length > 0) return atMs;
  throw new PlanError('FAILED_PRECONDITION', 'It is the only run: pause or delete the dispatch.');
}

function timeOf({ group }: LiveGroup, ms: number): string {
  return zonedTimeText(ms, group.zone ?? 'UTC');
}
