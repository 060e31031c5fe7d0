import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { runFrom, startAtOrAfter, startAtOrBefore } from '../../model/schedule.js';

/** A run, or several of one dispatch that begin so near to each other that a picture cannot tell them apart. */
export interface ThinRun {
  readonly startMs: number;
  /** Infinity: without end. Where the next run of the dispatch begins before the end, that is the end. */
  readonly endMs: number;
  /** Whether it stands for several runs. */
  readonly isMerged: boolean;
}

/**
 * The runs that touch `[fromMs, toMs)`, whether the dispatch is active or not; those that begin in the same slot of `resolutionMs` as one. So
 * their number, and what they cost, depends on the number of slots, not on the rule.
 *
 * @throws RangeError when the recurrence rule is invalid.
 */
export function* thinRuns(
  record: DispatchRecord,
  fromMs: number,
  toMs: number,
  resolutionMs: number,
): Generator<ThinRun, void, void> {
  const endOf = (startMs: number, nextMs: number | null) =>
    Math.min(runFrom(record, startMs).endMs ?? Number.POSITIVE_INFINITY, nextMs ?? Number.POSITIVE_INFINITY);
  let startMs = firstStart(record, fromMs);
  while (startMs !== null && startMs < toMs) {
    const slotEndMs = (Math.floor(startMs / resolutionMs) + 1) * resolutionMs;
    const nextMs = startAtOrAfter(record, startMs + 1);
    if (nextMs === null || nextMs >= slotEndMs) {
      yield { startMs, endMs: endOf(startMs, nextMs), isMerged: false };
      startMs = nextMs;
    } else {
      const lastMs = startAtOrBefore(record, slotEndMs - 1) ?? nextMs;
      const afterMs = startAtOrAfter(record, slotEndMs);
      yield { startMs, endMs: endOf(lastMs, afterMs), isMerged: true };
      startMs = afterMs;
    }
  }
}

/** Start of the run that contains an instant, or else of the first one after it. */
function firstStart(record: DispatchRecord, atMs: number): number | null {
  const startMs = startAtOrBefore(record, atMs);
  if (startMs === null) return startAtOrAfter(record, atMs);
  const { endMs } = runFrom(record, startMs);
  return endMs === null || endMs > atMs || startMs === atMs ? startMs : startAtOrAfter(record, atMs + 1);
}
