import type { Logger } from '../../logger.js';
import type { DispatchStore } from '../domain/dispatchStore.js';

const INTERVAL_MS = 60_000;
/** Entries that are dropped at once, so that writes in between wait little. */
const AT_ONCE = 1_000;

/**
 * Drops entries of a store's change logs once they are older than `keepMs`, and nonces and requests that are over, every
 * minute and at once.
 *
 * @returns what stops it, fulfilled when the store is left alone.
 */
export function pruneRegularly(store: DispatchStore, keepMs: number, logger: Logger): () => Promise<void> {
  let stopped = false;
  let pruning = prune();
  const timer = setInterval(() => {
    pruning = pruning.then(prune);
  }, INTERVAL_MS);

  async function prune(): Promise<void> {
    try {
      const beforeUs = (Date.now() - keepMs) * 1000;
      while (!stopped && (await store.prune(beforeUs, AT_ONCE)) === AT_ONCE);
      while (!stopped && (await store.deleteExpired(Date.now() * 1000, AT_ONCE)) === AT_ONCE);
    } catch (error) {
      logger.error({ err: error }, 'old entries of the change log, or of requests, cannot be dropped');
    }
  }

  return async () => {
    stopped = true;
    clearInterval(timer);
    await pruning;
  };
}
