import type { AppliedWrite, DispatchWrite, ExpiringId, StoredDispatch } from '../../domain/dispatchStore.js';
import { type CompletedRequest, earlierResult, reusedNonce } from '../completedRequest.js';

/** Used nonces and completed requests, in memory. */
export interface MemoryIdempotency {
  /**
   * Uses the nonce of a write, and returns the result of its request if that was completed before.
   *
   * @throws DispatchError UNAUTHENTICATED when the nonce was used before; see {@link earlierResult}.
   */
  findEarlierResult(write: DispatchWrite, nowUs: number): StoredDispatch | null;
  /** Stores the result of a write with an idempotency key. */
  recordResult(write: DispatchWrite, applied: AppliedWrite): void;
  /** As `DispatchStore.deleteExpired`. */
  deleteExpired(nowUs: number, limit: number): number;
}

/** Creates an empty one. */
export function memoryIdempotency(): MemoryIdempotency {
  const nonces = new Map<string, ExpiringId>();
  const requests = new Map<string, CompletedRequest>();
  return {
    findEarlierResult({ nonce, idempotencyKey }, nowUs) {
      if (nonce) {
        if (nonces.has(nonce.id)) throw reusedNonce();
        nonces.set(nonce.id, nonce);
      }
      return idempotencyKey ? earlierResult(requests.get(idempotencyKey.id), idempotencyKey, nowUs) : null;
    },
    recordResult({ idempotencyKey }, { dispatch }) {
      if (idempotencyKey && dispatch) requests.set(idempotencyKey.id, { ...idempotencyKey, dispatch });
    },
    deleteExpired: (nowUs, limit) => {
      const count = deleteExpiredFrom(nonces, nowUs, limit);
      return count + deleteExpiredFrom(requests, nowUs, limit - count);
    },
  };
}

function deleteExpiredFrom(kept: Map<string, ExpiringId>, nowUs: number, limit: number): number {
  let count = 0;
  for (const { id, untilUs } of kept.values()) {
    if (count === limit) break;
    if (untilUs >= nowUs) continue;
    kept.delete(id);
    count += 1;
  }
  return count;
}
