import { sortInSlices } from '../kit/sortInSlices.js';
import type { Segment } from './segment.js';
import { identityOf, type PicturedVersion, type PictureRequest, segmentsOf } from './segmentsOf.js';

/** Largest share of the time that is looked at first, and how many times as much at least and at most each time there are too few rows in it. */
const firstShare = 1 / 1_024;
const minGrowth = 4;
const maxGrowth = 32;

/** Minimum time between two runs of a rule, in milliseconds. */
const minStepMs = 60_000;

/** Rows of a table, in order of their start. */
export interface RunRows {
  readonly rows: readonly Segment[];
  /** Whether there are more. */
  readonly isCut: boolean;
}

/**
 * The runs that touch a time, or their parts, as rows; several runs are one row only where the resolution says so. What it costs depends on
 * the limit more than on the time; it yields between slices of the work.
 *
 * @param limit Maximum number of rows.
 */
export function* runRows(request: PictureRequest, limit: number): Generator<void, RunRows, void> {
  const { fromMs, toMs, merge } = request;
  const spanMs = toMs - fromMs;
  const leastMs = Math.max(1, limit / Math.max(1, request.versions.length)) * minStepMs;
  let versions: readonly PicturedVersion[] = request.versions;
  let isOpen = (_: Pick<PicturedVersion, 'record'>) => true;
  let settled: readonly Segment[] = [];
  for (let [share, growth] = [Math.min(firstShare, leastMs / spanMs), minGrowth]; ; share *= growth) {
    const untilMs = share < 1 ? fromMs + spanMs * share : toMs;
    const { segments } = yield* segmentsOf({ ...request, versions, toMs: untilMs });
    const inView = segments.filter(
      ({ run, startMs, endMs }) => startMs < untilMs && (endMs > fromMs || startMs >= fromMs) && isOpen(run),
    );
    const found = yield* sortInSlices(
      inView.concat(settled),
      (a, b) => a.startMs - b.startMs || a.run.record.id - b.run.record.id,
    );
    if (untilMs >= toMs) return { rows: found.slice(0, limit), isCut: found.length > limit };
    if (found.length <= limit) {
      growth = Math.min(maxGrowth, Math.max(minGrowth, limit / Math.max(1, found.length)));
      continue;
    }
    // Of what ends later, a later run may be in force before its end: only such dispatches are looked at further.
    const shown = found.slice(0, limit + 1);
    const open = new Set<string>();
    for (const { run, endMs } of shown)
      if (run.record.active && endMs > untilMs) open.add(identityOf(run.record, merge));
    if (open.size === 0) return { rows: shown.slice(0, limit), isCut: true };
    isOpen = ({ record }) => record.active && open.has(identityOf(record, merge));
    const openIds = new Set(versions.filter(isOpen).map(({ record }) => record.id));
    versions = versions.filter(({ record }) => openIds.has(record.id));
    settled = shown.filter(({ run }) => !isOpen(run));
  }
}
