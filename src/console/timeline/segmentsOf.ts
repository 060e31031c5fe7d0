import {
  type MergeStrategy,
  mergeByType,
  mergeByTypeAndSelector,
  mergeNothing,
} from '../../../machines/manage/mergeStrategy.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { DispatchVersion } from '../travel/dispatchVersions.js';
import type { MergeName, ViewState } from '../view/viewState.js';
import { componentsText } from './lanesOf.js';
import type { Interval, PicturedRun, Segment } from './segment.js';
import { splitByForce } from './splitByForce.js';
import { VersionRuns } from './versionRuns.js';

/** A dispatch of a picture, or what was delivered of one. */
export interface PicturedVersion extends DispatchVersion {
  /** Whether it is a run that was delivered. @default false */
  readonly isDelivered?: boolean;
  /** When what was delivered of it is shown instead of its own runs. @default never */
  readonly deliveredTimes?: readonly Interval[];
}

/** What a picture is made of. */
export interface PictureRequest
  extends Pick<ViewState, 'lanes' | 'merge' | 'filter' | 'showsDryRuns' | 'showsInactive'> {
  readonly versions: readonly PicturedVersion[];
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
  const add = (runs: readonly PicturedRun[]) => {
    for (const run of runs) {
      if (!run.record.active) {
        inactive.push({ run, startMs: run.startMs, endMs: run.endMs, isCovered: false });
        continue;
      }
      const identity = identityOf(run.record, merge);
      const group = groups.get(identity);
      if (group === undefined) groups.set(identity, [run]);
      else group.push(run);
    }
  };
  const versionRuns = new VersionRuns(request, problems);
  let done = 0;
  for (const version of request.versions) {
    done += runSliceSize / sliceSize;
    for (; done >= runSliceSize; done -= runSliceSize) yield;
    const { record } = version;
    if (!isShown(record, request)) continue;
    const runs = versionRuns.of(version);
    if (runs.length > 0 || !version.isDelivered) records.push(record);
    done += runs.length;
    add(runs);
  }
  add(versionRuns.rest());
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
