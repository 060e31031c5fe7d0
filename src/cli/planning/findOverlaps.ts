import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { type Run, runsBetween } from '../../model/schedule.js';
import { selectorsOverlap } from '../../model/selector.js';

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

/**
 * Finds runs of different dispatches that overlap in time and may mean the same component, in order of their time. Inactive dispatches and those
 * whose rule is invalid do not run. A selector by ids and one by categories may mean the same component.
 */
export function* findOverlaps(
  records: readonly DispatchRecord[],
  fromMs: number,
  toMs: number,
): Generator<Overlap, void, void> {
  const runs = records.filter(({ active }) => active).flatMap(record => plannedRuns(record, fromMs, toMs));
  runs.sort((a, b) => a.run.startMs - b.run.startMs || a.record.id - b.record.id);
  let present: PlannedRun[] = [];
  for (const next of runs) {
    present = present.filter(({ run }) => run.endMs === null || run.endMs > next.run.startMs);
    for (const { record: first, run } of present) {
      if (first.id === next.record.id || !selectorsOverlap(first.selector, next.record.selector)) continue;
      const endMs = earliest(run.endMs, next.run.endMs);
      yield { first, second: next.record, run: { startMs: next.run.startMs, endMs } };
    }
    if (next.run.endMs === null || next.run.endMs > next.run.startMs) present.push(next);
  }
}

function plannedRuns(record: DispatchRecord, fromMs: number, toMs: number): PlannedRun[] {
  try {
    return Array.from(runsBetween(record, fromMs, toMs), run => ({ record, run }));
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
