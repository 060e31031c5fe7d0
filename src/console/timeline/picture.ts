import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { findConflicts, union } from './conflicts.js';
import { type LaneName, lanesOf } from './lanesOf.js';
import { runsOf } from './runsOf.js';
import type { Interval, Segment } from './segment.js';
import { isShown, type PictureRequest, segmentsOf } from './segmentsOf.js';
import { thinRuns } from './thinRuns.js';

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

/** Number of dispatches after which a build yields. */
const sliceSize = 32;

/** T2 comes before T10. */
const byNumbers = new Intl.Collator('en', { numeric: true });

/** Makes a picture; yields between slices of the work, so that the caller can put it off. */
export function* buildPicture(request: PictureRequest): Generator<void, Picture, void> {
  const { lanes: kind } = request;
  const { records, runs, segments, problems } = yield* segmentsOf(request);
  const conflicts = findConflicts(runs);
  yield;
  const lanes = new Map<string, LaneName & { segments: Segment[]; overlaps: Interval[] }>();
  for (const record of records) {
    for (const name of lanesOf(record, kind)) {
      if (!lanes.has(name.key)) lanes.set(name.key, { ...name, segments: [], overlaps: [] });
    }
  }
  for (const [index, segment] of segments.entries()) {
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
  const ordered: Lane[] = [...lanes.values()].sort(
    (a, b) => a.rank - b.rank || byNumbers.compare(a.title, b.title) || (a.key < b.key ? -1 : 1),
  );
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
  for (const [index, { record, isDelivered, ...held }] of versions.entries()) {
    if (index % sliceSize === sliceSize - 1) yield;
    // What was delivered is no dispatch.
    if (isDelivered || !isShown(record, request)) continue;
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
