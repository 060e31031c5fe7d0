import type { AppliedWrite, DispatchWrite, OneTimeUse, StoredDispatch } from '../../domain/dispatchStore.js';
import { firstAnswer, type RememberedRequest, usedNonce } from '../rememberedRequest.js';

/** The nonces and requests of writes, as long as a process keeps them. */
export interface MemoryOfWrites {
  /**
   * Takes the nonce of a write, and gives what its request left when it was done before.
   *
   * @throws DispatchError UNAUTHENTICATED when the nonce was taken before; see {@link firstAnswer}.
   */
  recall(write: DispatchWrite, nowUs: number): StoredDispatch | null;
  /** Remembers the request of a write that was made. */
  remember(write: DispatchWrite, applied: AppliedWrite): void;
  /** As `DispatchStore.forget`. */
  forget(nowUs: number, limit: number): number;
}

/** Remembers nothing yet. */
export function memoryOfWrites(): MemoryOfWrites {
  const nonces = new Map<string, OneTimeUse>();
  const requests = new Map<string, RememberedRequest>();
  return {
    recall({ nonce, request }, nowUs) {
      if (nonce) {
        if (nonces.has(nonce.id)) throw usedNonce();
        nonces.set(nonce.id, nonce);
      }
      return request ? firstAnswer(requests.get(request.id), request, nowUs) : null;
    },
    remember({ request }, { dispatch }) {
      if (request && dispatch) requests.set(request.id, { ...request, dispatch });
    },
    forget: (nowUs, limit) => {
      const count = forgetOf(nonces, nowUs, limit);
      return count + forgetOf(requests, nowUs, limit - count);
    },
  };
}

function forgetOf(kept: Map<string, OneTimeUse>, nowUs: number, limit: number): number {
  let count = 0;
  for (const { id, untilUs } of kept.values()) {
    if (count === limit) break;
    if (untilUs >= nowUs) continue;
    kept.delete(id);
    count += 1;
  }
  return count;
}
