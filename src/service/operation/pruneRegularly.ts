import type { Logger } from '../../logger.js';
import type { DispatchStore } from '../domain/dispatchStore.js';

const INTERVAL_MS = 60_000;
/** Entries that are deleted at a time, so that writes wait only briefly. */
const AT_ONCE = 1_000;

/** How long a service keeps what it does not need for ever, in milliseconds. */
export interface Retention {
  readonly keepChangesMs: number;
  readonly keepAuditMs: number;
}

/**
 * Deletes entries of the change logs and of the audit that are older than they are kept, and expired nonces and requests, now and every
 * minute. Of several processes on one database one deletes at a time.
 *
 * @returns a function that stops it, and resolves once the store is no longer used.
 */
export function pruneRegularly(
  store: DispatchStore,
  { keepChangesMs, keepAuditMs }: Retention,
  logger: Logger,
): () => Promise<void> {
  let stopped = false;
  let pruning = prune();
  const timer = setInterval(() => {
    pruning = pruning.then(prune);
  }, INTERVAL_MS);

  async function prune(): Promise<void> {
    try {
      const olderThan = (keepMs: number) => (Date.now() - keepMs) * 1000;
      while (!stopped && (await store.prune(olderThan(keepChangesMs), AT_ONCE)) === AT_ONCE);
      while (!stopped && (await store.pruneAudit(olderThan(keepAuditMs), AT_ONCE)) === AT_ONCE);
      while (!stopped && (await store.deleteExpired(Date.now() * 1000, AT_ONCE)) === AT_ONCE);
    } catch (error) {
      logger.error({ err: error }, 'expired entries of the change log, of the audit or of requests cannot be deleted');
    }
  }

  return async () => {
    stopped = true;
    clearInterval(timer);
    await pruning;
  };
}
