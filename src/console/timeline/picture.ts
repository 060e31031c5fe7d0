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
import { findConflicts, union } from './conflicts.js';
import { componentsText, type LaneName, lanesOf } from './lanesOf.js';
import type { Interval, PicturedRun, Segment } from './segment.js';
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

/** A lane of a picture. */
export interface Lane extends LaneName {
  /** What is drawn in it; of those at the same place the first one is seen. */
  readonly segments: readonly Segment[];
  /** When runs in it overlap others that may mean the same component; in order. */
  readonly overlaps: readonly Interval[];
}

/** The runs of some time, in lanes. */
export interface Picture {
  readonly request: PictureRequest;
  readonly lanes: readonly Lane[];
  /** Why dispatches are left out that cannot be evaluated, by id. */
  readonly problems: ReadonlyMap<number, string>;
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

/** Makes a picture; yields between slices of the work, so that the caller can put it off. */
export function* buildPicture(request: PictureRequest): Generator<void, Picture, void> {
  const { versions, merge, lanes: kind } = request;
  const shown = versions.filter(({ record }) => isShown(record, request));
  const problems = new Map<number, string>();
  const groups = new Map<string, PicturedRun[]>();
  const inactive: Segment[] = [];
  let done = 0;
  for (const version of shown) {
    const { record } = version;
    const runs = runsOf(version, request, problems);
    done += runSliceSize / sliceSize + runs.length;
    for (; done >= runSliceSize; done -= runSliceSize) yield;
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
  for (const [index, group] of [...groups.values()].entries()) {
    if (index % sliceSize === sliceSize - 1) yield;
    for (const segment of splitByForce(group)) segments.push(segment);
  }
  yield;
  const conflicts = findConflicts([...groups.values()].flat());
  yield;
  const lanes = new Map<string, LaneName & { segments: Segment[]; overlaps: Interval[] }>();
  for (const { record } of shown) {
    for (const name of lanesOf(record, kind)) {
      if (!lanes.has(name.key)) lanes.set(name.key, { ...name, segments: [], overlaps: [] });
    }
  }
  for (const [index, segment] of [...segments, ...inactive].entries()) {
    if (index % (16 * sliceSize) === 0) yield;
    const { run } = segment;
    // Once for each run.
    const overlaps = run.record.active && segment.startMs === run.startMs ? conflicts.within(run) : [];
    for (const { key } of lanesOf(run.record, kind)) {
      const lane = lanes.get(key);
      lane?.segments.push(segment);
      lane?.overlaps.push(...overlaps);
    }
  }
  for (const lane of lanes.values()) {
    lane.segments.sort((a, b) => depthOf(a) - depthOf(b) || a.startMs - b.startMs || a.run.record.id - b.run.record.id);
    lane.overlaps = union(lane.overlaps);
  }
  const ordered: Lane[] = [...lanes.values()].sort((a, b) => a.rank - b.rank || (a.title < b.title ? -1 : 1));
  const preview = previewLane(request, problems);
  return { request, lanes: preview === null ? ordered : [preview, ...ordered], problems };
}

/** Key of the lane of a preview. */
export const previewKey = 'preview';

function previewLane(request: PictureRequest, problems: Map<number, string>): Lane | null {
  const { preview = [] } = request;
  if (preview.length === 0) return null;
  const runs = preview.flatMap(record =>
    runsOf({ record, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY }, request, problems),
  );
  const segments = runs.map(run => ({ run, startMs: run.startMs, endMs: run.endMs, isCovered: false }));
  return { key: previewKey, rank: Number.NEGATIVE_INFINITY, title: 'if it is saved', segments, overlaps: [] };
}

/** How far behind others a segment lies. */
function depthOf({ run: { record }, isCovered }: Segment): number {
  if (!record.active) return 3;
  if (isCovered) return 2;
  return record.dryRun ? 1 : 0;
}

/** The dispatches of a picture that have a run in its time, in slices as {@link buildPicture}. */
export function* dispatchesIn(request: PictureRequest): Generator<void, DispatchRecord[], void> {
  const { versions, fromMs, toMs } = request;
  const found = new Set<DispatchRecord>();
  for (const [index, { record, ...held }] of versions.entries()) {
    if (index % sliceSize === sliceSize - 1) yield;
    if (!isShown(record, request)) continue;
    const runs = thinRuns(record, Math.max(fromMs, held.fromMs), Math.min(toMs, held.toMs), toMs - fromMs);
    try {
      if (!runs.next().done) found.add(record);
    } catch (error) {
      // A picture says why it cannot be evaluated.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return [...found];
}

function isShown(record: DispatchRecord, { filter, showsDryRuns, showsInactive }: PictureRequest): boolean {
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
function runsOf(
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
