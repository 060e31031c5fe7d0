import type { AppliedWrite, DispatchWrite, ExpiringId, StoredDispatch } from '../../domain/dispatchStore.js';
import { type CompletedRequest, earlierResult, reusedNonce } from '../completedRequest.js';

/** The nonces and requests of writes, as long as a process keeps them. */
export interface MemoryIdempotency {
  /**
   * Takes the nonce of a write, and gives what its request left when it was done before.
   *
   * @throws DispatchError UNAUTHENTICATED when the nonce was taken before; see {@link earlierResult}.
   */
  findEarlierResult(write: DispatchWrite, nowUs: number): StoredDispatch | null;
  /** Remembers the request of a write that was made. */
  recordResult(write: DispatchWrite, applied: AppliedWrite): void;
  /** As `DispatchStore.deleteExpired`. */
  deleteExpired(nowUs: number, limit: number): number;
}

/** Remembers nothing yet. */
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
