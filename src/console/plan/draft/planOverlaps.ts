import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { type Run, runsBetween } from '../../../model/schedule.js';
import { selectorsOverlap } from '../../../model/selector.js';
import { nextRuns } from './nextRuns.js';

/** A run of a plan, and one of another dispatch that may mean the same component at the same time. JSON-safe. */
export interface PlanOverlap {
  readonly run: Run;
  readonly otherId: number;
  readonly otherType: string;
  readonly otherRun: Run;
}

/** How far ahead of a run without end others are looked for. */
const AHEAD_MS = 366 * 24 * 3_600_000;

/**
 * Finds which of the next runs of a plan overlap those of other dispatches: with each of these the first. A dry run overlaps only other dry runs.
 * Yields after each dispatch, also where there is no overlap (null), so that the caller can pause.
 *
 * @param planned what the plan means; inactive dispatches overlap nothing
 * @param others the present dispatches; those that the plan replaces are left out
 */
export function* planOverlaps(
  planned: readonly DispatchRecord[],
  others: Iterable<DispatchRecord>,
  nowMs: number,
): Generator<PlanOverlap | null, void, void> {
  const ids = new Set(planned.map(({ id }) => id));
  const parts = planned.filter(({ active }) => active).map(part => ({ part, runs: nextRuns([part], nowMs) }));
  for (const other of others) {
    const isOther = other.active && !ids.has(other.id);
    const met = parts.filter(
      ({ part }) => isOther && part.dryRun === other.dryRun && selectorsOverlap(part.selector, other.selector),
    );
    yield met.length === 0
      ? null
      : firstMeeting(
          met.flatMap(({ runs }) => runs),
          other,
        );
  }
}

function firstMeeting(runs: readonly Run[], other: DispatchRecord): PlanOverlap | null {
  for (const run of [...runs].sort((a, b) => a.startMs - b.startMs)) {
    const otherRun = firstRunIn(other, run);
    if (otherRun !== null) return { run, otherId: other.id, otherType: other.type, otherRun };
  }
  return null;
}

/** The first run of a dispatch that is on during another run; null: none is, or its rule cannot be evaluated. */
function firstRunIn(record: DispatchRecord, { startMs, endMs }: Run): Run | null {
  if (record.durationMs === 0) return null;
  try {
    const [found = null] = runsBetween(record, startMs, endMs ?? startMs + AHEAD_MS);
    return found;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
