import type { CallAccess } from './callAccess.js';
import { ANYBODY } from './keyRing.js';

/** The call of a read. */
interface ReadingCall {
  readonly access: CallAccess;
  /** Is asked for only when the read has to wait. */
  readonly signal: AbortSignal;
}

/** Shares of what reads the database, so that slow lists of one API key do not delay the reads of others. */
export interface ReadShares {
  /**
   * Runs a read when the share of its key has room: at once, or after earlier ones of the key. Callers without a key have no share.
   *
   * @throws the reason of the call's signal when it aborts while the read waits.
   */
  run<Result>(call: ReadingCall, read: () => Promise<Result>): Promise<Result>;
}

/** The reads of one key. */
interface Share {
  running: number;
  /** Those that wait, to be started in this order. */
  readonly waiting: Set<() => void>;
}

/** Creates shares of equal size. */
export function readShares(readsPerKey: number): ReadShares {
  const shares = new Map<string, Share>();

  async function enter(share: Share, call: ReadingCall): Promise<void> {
    if (share.running < readsPerKey) {
      share.running += 1;
      return;
    }
    const { signal } = call;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        share.waiting.delete(begin);
        reject(signal.reason);
      };
      share.waiting.add(begin);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  function leave(key: string, share: Share): void {
    const [next] = share.waiting;
    if (next) {
      // It takes over the room of the one that leaves.
      share.waiting.delete(next);
      next();
      return;
    }
    share.running -= 1;
    if (share.running === 0) shares.delete(key);
  }

  return {
    async run(call, read) {
      const { apiKey } = call.access;
      if (apiKey === ANYBODY) return read();
      const share = shares.get(apiKey.key) ?? { running: 0, waiting: new Set() };
      shares.set(apiKey.key, share);
      await enter(share, call);
      try {
        return await read();
      } finally {
        leave(apiKey.key, share);
      }
    },
  };
}
