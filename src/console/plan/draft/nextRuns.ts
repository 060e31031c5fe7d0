import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { type Run, runsBetween } from '../../../model/schedule.js';

/** The latest instant of the protocol. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * The next runs of some dispatches that mean one plan, in order, the one that is on included. Those of inactive ones as if they were active.
 *
 * @param limit maximum number of runs
 */
export function nextRuns(records: readonly DispatchRecord[], nowMs: number, limit = 10): Run[] {
  const runs = records.flatMap(record => firstRuns({ ...record, active: true }, nowMs, limit));
  return runs.sort((a, b) => a.startMs - b.startMs).slice(0, limit);
}

/** None when the rule cannot be evaluated. */
function firstRuns(record: DispatchRecord, nowMs: number, limit: number): Run[] {
  const runs: Run[] = [];
  try {
    for (const run of runsBetween(record, nowMs, LATEST_MS)) {
      if (runs.push(run) === limit) break;
    }
    return runs;
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}
