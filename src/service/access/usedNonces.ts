import { createHash } from 'node:crypto';

import { DispatchError } from '../../model/dispatchError.js';
import type { ExpiringId } from '../domain/dispatchStore.js';
import { type ReplayCache, replayCache } from './replayCache.js';

/** Maximum difference between the clocks of processes that share a database: nonces are kept longer by this. */
const MAX_PROCESS_CLOCK_DIFFERENCE_MS = 10 * 60_000;
/** Maximum number of nonces remembered per key: about 60 MB, or 1,200 signed calls per second while they are valid. */
const MAX_NONCES = 400_000;

/** The nonces that signed calls have used, in this process. */
export interface UsedNonces {
  /**
   * Uses up a nonce, to be called after the signature was checked: only a holder of the secret can use one up.
   *
   * @param untilMs - until when it must not be used again, in milliseconds since the epoch.
   * @returns the nonce for the store, which writes use up there as well, for all processes.
   * @throws DispatchError UNAUTHENTICATED when it was used before, RESOURCE_EXHAUSTED when too many are remembered.
   */
  take(key: string, nonce: string, untilMs: number): ExpiringId;
  /** Forgets the nonces of a key that was removed. */
  forget(key: string): void;
}

/** Creates an empty one. */
export function usedNonces(): UsedNonces {
  const caches = new Map<string, ReplayCache>();
  return {
    take(key, nonce, untilMs) {
      const nonces = caches.get(key) ?? replayCache(MAX_NONCES);
      caches.set(key, nonces);
      const id = createHash('sha256').update(`${key}\0${nonce}`).digest('base64url').slice(0, 22);
      switch (nonces.take(id, untilMs, Date.now())) {
        case 'replayed':
          throw new DispatchError('UNAUTHENTICATED', 'the nonce of the signature was already used');
        case 'full':
          throw new DispatchError('RESOURCE_EXHAUSTED', 'too many signed calls with this API key within a few minutes');
        case 'fresh':
          return { id, untilUs: (untilMs + MAX_PROCESS_CLOCK_DIFFERENCE_MS) * 1000 };
      }
    },
    forget: key => void caches.delete(key),
  };
}
