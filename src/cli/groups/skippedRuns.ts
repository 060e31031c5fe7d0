import { occurrences } from '../../model/recurrence/recurrence.js';
import { parseLastTime, parseTime } from '../input/parseTime.js';
import { OperationFailed } from '../operationFailed.js';
import { zonedTimeText } from '../output/runsText.js';
import type { Group } from './group.js';
import { localEnd, type PartPlan, partsOf } from './groupParts.js';
import type { LiveGroup } from './liveGroup.js';

/**
 * The next run of a group that is not skipped.
 *
 * @throws OperationFailed when none is to come, or it is the only one.
 */
export function nextRun(live: LiveGroup, nowMs: number): number {
  const next = partsOf(live.group).flatMap(
    ({ rule, startTimeMs }) => occurrences(rule, startTimeMs).after(nowMs, false) ?? [],
  );
  if (next.length === 0) throw new OperationFailed('NOT_FOUND', 'No run is to come.');
  return checkedRun(live, Math.min(...next));
}

/**
 * The run that a text names: by its start, or by its day when one run starts on it.
 *
 * @throws UsageError when it is no time.
 * @throws OperationFailed when there is no such run, or it is on, is over, is skipped already, or is the only one.
 */
export async function runToSkip(live: LiveGroup, text: string, nowMs: number): Promise<number> {
  const { group } = live;
  const named = await namedRuns(live, text, nowMs);
  const [atMs, second] = named.runs;
  if (atMs === undefined) throw new OperationFailed('NOT_FOUND', `No run starts ${named.when}.`);
  if (second !== undefined)
    throw new OperationFailed(
      'FAILED_PRECONDITION',
      `Several runs start ${named.when}: give the time, such as ${timeOf(live, second)}.`,
    );
  if (group.exceptions.includes(atMs))
    throw new OperationFailed('FAILED_PRECONDITION', `The run of ${timeOf(live, atMs)} is skipped already.`);
  const endMs = endOfRun(group, atMs);
  if (atMs <= nowMs) {
    const isOn = endMs > nowMs;
    throw new OperationFailed(
      'FAILED_PRECONDITION',
      `The run of ${timeOf(live, atMs)} is ${isOn ? 'on: use pause' : 'over'}.`,
    );
  }
  return checkedRun(live, atMs);
}

/**
 * The skipped run that a text names; without a text the only one to come.
 *
 * @throws UsageError when it is no time.
 * @throws OperationFailed when there is none, or the text is missing and there are several.
 */
export async function skippedRun(live: LiveGroup, text: string | undefined, nowMs: number): Promise<number> {
  const skipped = live.group.exceptions;
  const toCome = skipped.filter(at => at > nowMs);
  if (text === undefined) {
    const [atMs, second] = toCome;
    if (atMs === undefined) throw new OperationFailed('FAILED_PRECONDITION', 'No run that is to come is skipped.');
    if (second === undefined) return atMs;
    throw new OperationFailed(
      'FAILED_PRECONDITION',
      `Give one of the runs that are skipped: ${toCome.map(at => timeOf(live, at)).join(', ')}.`,
    );
  }
  const { runs, when } = await namedRuns(live, text, nowMs);
  const [atMs] = runs.filter(at => skipped.includes(at));
  if (runs.length === 0) throw new OperationFailed('NOT_FOUND', `No run starts ${when}.`);
  if (atMs === undefined) throw new OperationFailed('FAILED_PRECONDITION', `No run is skipped that starts ${when}.`);
  if (atMs <= nowMs)
    throw new OperationFailed('FAILED_PRECONDITION', `The run of ${timeOf(live, atMs)} would be over.`);
  return atMs;
}

async function namedRuns(live: LiveGroup, text: string, nowMs: number) {
  const { group } = live;
  const options = { nowMs, ahead: true, timeZone: group.zone ?? undefined };
  const fromMs = (await parseTime(text, options)).getTime();
  const lastMs = (await parseLastTime(text, options)).getTime();
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
  throw new OperationFailed('FAILED_PRECONDITION', 'It is the only run: pause or delete the dispatch.');
}

function timeOf({ group }: LiveGroup, ms: number): string {
  return zonedTimeText(ms, group.zone ?? 'UTC');
}
