import { DispatchError } from '../../../model/dispatchError.js';
import { HELD, isSkipped, type WriteOutcome } from './applyBatch.js';
import type { WriteCall } from './writeBatch.js';
import type { TakenWrite } from './writeLane.js';

/**
 * Applies writes in one transaction; returns the outcome of each.
 *
 * @param waits - whether it waits for a moment for a microgrid that is locked; then all of them are about the same one.
 */
export type ApplyBatch = (calls: readonly WriteCall[], waits: boolean) => Promise<readonly WriteOutcome[]>;

/** A write of which nothing was done, because another session has locked what it needs. */
export interface SkippedWrite {
  readonly call: TakenWrite;
  /** Whether it may be something else than its microgrid, or what another write of the transaction needs. */
  readonly isHeld: boolean;
}

/**
 * Applies writes, and resolves or rejects each; returns those that were skipped.
 *
 * When the database refuses the transaction, each half of it is tried alone, down to the write that caused it, so that it affects no
 * other. When the database is UNAVAILABLE, so are all of them.
 */
export async function settleBatch(
  applyBatch: ApplyBatch,
  calls: readonly TakenWrite[],
  waits: boolean,
): Promise<readonly SkippedWrite[]> {
  if (calls.length === 0) return [];
  let outcomes: readonly WriteOutcome[];
  try {
    outcomes = await applyBatch(calls, waits);
  } catch (error) {
    if (calls.length === 1 || isUnavailable(error)) {
      for (const { reject } of calls) reject(error);
      return [];
    }
    const half = calls.length >> 1;
    return [
      ...(await settleBatch(applyBatch, calls.slice(0, half), waits)),
      ...(await settleBatch(applyBatch, calls.slice(half), waits)),
    ];
  }
  const skipped: SkippedWrite[] = [];
  for (const [index, call] of calls.entries()) {
    const outcome = outcomes[index] as WriteOutcome;
    if (isSkipped(outcome)) skipped.push({ call, isHeld: outcome === HELD });
    else if ('applied' in outcome) call.resolve(outcome.applied);
    else call.reject(outcome.refusal);
  }
  return skipped;
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DispatchError && error.code === 'UNAVAILABLE';
}
