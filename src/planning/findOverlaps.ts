import type { DispatchRecord } from '../model/dispatchRecord.js';
import { type Run, runFrom, runsBetween, startsBetween } from '../model/schedule.js';
import { selectorsOverlap } from '../model/selector.js';

/** Two runs for the same components at the same time. */
export interface Overlap {
  readonly first: DispatchRecord;
  readonly second: DispatchRecord;
  /** Time for which both run. */
  readonly run: Run;
}

interface PlannedRun {
  readonly record: DispatchRecord;
  readonly run: Run;
}

/** Runs of so much time are computed at once. */
const SLICE_MS = 24 * 3_600_000;

/**
 * Finds runs of different dispatches that overlap in time and may mean the same component, in order of their time, lazily. Inactive dispatches
 * and those whose rule is invalid do not run, and a dry run overlaps only other dry runs. A selector by ids and one by categories may mean the
 * same component.
 */
export function* findOverlaps(
  records: readonly DispatchRecord[],
  fromMs: number,
  toMs: number,
): Generator<Overlap, void, void> {
  let present: PlannedRun[] = [];
  for (const next of plannedRuns(records, fromMs, toMs)) {
    present = present.filter(({ run }) => run.endMs === null || run.endMs > next.run.startMs);
    for (const { record: first, run } of present) {
      const { record: second } = next;
      const isSameKind = first.id !== second.id && first.dryRun === second.dryRun;
      if (!isSameKind || !selectorsOverlap(first.selector, second.selector)) continue;
      const endMs = earliest(run.endMs, next.run.endMs);
      yield { first, second, run: { startMs: next.run.startMs, endMs } };
    }
    if (next.run.endMs === null || next.run.endMs > next.run.startMs) present.push(next);
  }
}

/** The runs that touch a time, in order of their start. */
function* plannedRuns(records: readonly DispatchRecord[], fromMs: number, toMs: number): Generator<PlannedRun> {
  const active = records.filter(record => record.active);
  for (let sliceMs = fromMs; sliceMs < toMs; sliceMs += SLICE_MS) {
    const endMs = Math.min(sliceMs + SLICE_MS, toMs);
    const isFirst = sliceMs === fromMs;
    const runs = active.flatMap(record => runsOf(record, sliceMs, endMs, isFirst).map(run => ({ record, run })));
    yield* runs.sort((a, b) => a.run.startMs - b.run.startMs || a.record.id - b.record.id);
  }
}

/** The runs that start within a time; of the first slice also those that are on at its start. */
function runsOf(record: DispatchRecord, fromMs: number, toMs: number, isFirst: boolean): Run[] {
  try {
    if (isFirst) return [...runsBetween(record, fromMs, toMs)];
    return Array.from(startsBetween(record, fromMs, toMs), startMs => runFrom(record, startMs));
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
