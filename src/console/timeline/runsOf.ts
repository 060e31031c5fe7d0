import { messageOf } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { PicturedRun } from './segment.js';
import type { PicturedVersion, PictureRequest } from './segmentsOf.js';
import { type ThinRun, thinRuns } from './thinRuns.js';
import { withoutTimes } from './withDelivered.js';

interface KnownRuns {
  readonly key: string;
  readonly runs: readonly ThinRun[];
}

// Records are immutable: what did not change is not calculated again.
const known = new WeakMap<DispatchRecord, KnownRuns>();

/** The runs of a version: those that begin while it holds, and the part of an earlier one that goes on when it begins. */
export function runsOf(
  { record, fromMs, toMs, isDelivered, deliveredTimes }: PicturedVersion,
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
  const runs = found.runs.map(run => ({
    record,
    isMerged: run.isMerged,
    startMs: Math.max(run.startMs, fromMs),
    endMs: Math.min(run.endMs, toMs),
    ...(isDelivered && { isDelivered }),
  }));
  return deliveredTimes === undefined ? runs : withoutTimes(runs, deliveredTimes);
}
