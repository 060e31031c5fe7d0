import {
  type MergeStrategy,
  mergeByType,
  mergeByTypeAndSelector,
  mergeNothing,
} from '../../../machines/manage/mergeStrategy.js';
import { messageOf } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { DispatchVersion } from '../travel/dispatchVersions.js';
import type { MergeName, ViewState } from '../view/viewState.js';
import { componentsText } from './lanesOf.js';
import type { PicturedRun, Segment } from './segment.js';
import { splitByForce } from './splitByForce.js';
import { type ThinRun, thinRuns } from './thinRuns.js';

/** What a picture is made of. */
export interface PictureRequest
  extends Pick<ViewState, 'lanes' | 'merge' | 'filter' | 'showsDryRuns' | 'showsInactive'> {
  readonly versions: readonly DispatchVersion[];
  /** Records that a change would leave: drawn in a lane of their own, before the others. */
  readonly preview?: readonly DispatchRecord[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Runs of one dispatch that begin within the same such time are one; positive. */
  readonly resolutionMs: number;
}

/** The runs of some time, and how they are drawn. */
export interface PictureSegments {
  /** The dispatches that are shown. */
  readonly records: readonly DispatchRecord[];
  /** The runs of the active ones. */
  readonly runs: readonly PicturedRun[];
  readonly segments: readonly Segment[];
  /** Why dispatches are left out that cannot be evaluated, by id. */
  readonly problems: Map<number, string>;
}

/** The merge strategies by their names in the view. */
const mergeStrategies: Readonly<Record<MergeName, MergeStrategy>> = {
  none: mergeNothing,
  type: mergeByType,
  'type-and-selector': mergeByTypeAndSelector,
};

/** Number of dispatches and of their runs after which a build yields. */
const sliceSize = 32;
const runSliceSize = 1_024;

/** What dispatches have in common of whose runs one is in force. */
export function identityOf(record: DispatchRecord, merge: MergeName): string {
  return mergeStrategies[merge].identity(record) ?? String(record.id);
}

/** The runs of a picture as its segments; yields between slices of the work, so that the caller can put it off. */
export function* segmentsOf(request: PictureRequest): Generator<void, PictureSegments, void> {
  const { merge } = request;
  const problems = new Map<number, string>();
  const records: DispatchRecord[] = [];
  const groups = new Map<string, PicturedRun[]>();
  const active: PicturedRun[] = [];
  const inactive: Segment[] = [];
  let done = 0;
  for (const version of request.versions) {
    done += runSliceSize / sliceSize;
    for (; done >= runSliceSize; done -= runSliceSize) yield;
    const { record } = version;
    if (!isShown(record, request)) continue;
    records.push(record);
    const runs = runsOf(version, request, problems);
    done += runs.length;
    if (runs.length === 0) continue;
    if (record.active) {
      const identity = identityOf(record, merge);
      const group = groups.get(identity);
      if (group === undefined) groups.set(identity, runs);
      else for (const run of runs) group.push(run);
    } else {
      for (const run of runs) inactive.push({ run, startMs: run.startMs, endMs: run.endMs, isCovered: false });
    }
  }
  const segments: Segment[] = [];
  for (const group of groups.values()) {
    for (const run of group) active.push(run);
    for (const segment of yield* splitByForce(group)) segments.push(segment);
    done += group.length;
    for (; done >= runSliceSize; done -= runSliceSize) yield;
  }
  for (const segment of inactive) segments.push(segment);
  return { records, runs: active, segments, problems };
}

/** Whether a dispatch is shown. */
export function isShown(record: DispatchRecord, { filter, showsDryRuns, showsInactive }: PictureRequest): boolean {
  if ((record.dryRun && !showsDryRuns) || (!record.active && !showsInactive)) return false;
  return filter === '' || matches(record, filter);
}

/** Whether a dispatch has a text in its id, type or components; `#4` is the id 4 alone. */
function matches(record: DispatchRecord, filter: string): boolean {
  const text = filter.trim().toLowerCase();
  if (text.startsWith('#')) return String(record.id) === text.slice(1);
  return [String(record.id), record.type, componentsText(record)].some(part => part.toLowerCase().includes(text));
}

interface KnownRuns {
  readonly key: string;
  readonly runs: readonly ThinRun[];
}

// Records are immutable: what did not change is not calculated again.
const known = new WeakMap<DispatchRecord, KnownRuns>();

/** The runs of a version: those that begin while it holds, and the part of an earlier one that goes on when it begins. */
export function runsOf(
  { record, fromMs, toMs }: DispatchVersion,
  request: PictureRequest,
  problems: Map<number, string>,
): PicturedRun[] {
  const from = Math.max(request.fromMs, fromMs);
  const to = Math.min(request.toMs, toMs);
  if (from >= to) return [];
  const key = `${from} ${to} ${request.resolutionMs}`;
  let found = known.get(record);
  if (found?.key !== key) {
    try {
      found = { key, runs: [...thinRuns(record, from, to, request.resolutionMs)] };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.set(record.id, messageOf(error));
      found = { key, runs: [] };
    }
    known.set(record, found);
  }
  return found.runs.map(run => ({
    record,
    isMerged: run.isMerged,
    startMs: Math.max(run.startMs, fromMs),
    endMs: Math.min(run.endMs, toMs),
  }));
}
