import { DispatchError } from '../../../model/dispatchError.js';
import { LOCKED, type WriteOutcome } from './applyBatch.js';
import type { WriteCall } from './writeBatch.js';
import type { TakenWrite } from './writeLane.js';

/**
 * Applies writes in one transaction; returns the outcome of each.
 *
 * @param waits - whether it waits for a moment for a microgrid that is locked; then all of them are about the same one.
 */
export type ApplyBatch = (calls: readonly WriteCall[], waits: boolean) => Promise<readonly WriteOutcome[]>;

/**
 * Applies writes, and resolves or rejects each; returns those whose microgrids are locked.
 *
 * When the database refuses the transaction, each half of it is tried alone, down to the write that caused it, so that it affects no
 * other. When the database is UNAVAILABLE, so are all of them.
 */
export async function settleBatch(
  applyBatch: ApplyBatch,
  calls: readonly TakenWrite[],
  waits: boolean,
): Promise<readonly TakenWrite[]> {
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
  return calls.filter(({ resolve, reject }, index) => {
    const outcome = outcomes[index] as WriteOutcome;
    if (outcome === LOCKED) return true;
    if ('applied' in outcome) resolve(outcome.applied);
    else reject(outcome.refusal);
    return false;
  });
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DispatchError && error.code === 'UNAVAILABLE';
}
