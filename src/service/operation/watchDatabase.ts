import type { DispatchStore } from '../domain/dispatchStore.js';

const INTERVAL_MS = 1_000;
/** How long the database may fail before it counts as away: it takes longer than a restart of a connection. */
const PATIENCE_MS = 3_000;
/** Any microgrid does. */
const MICROGRID_ID = 0;

/**
 * Asks a store for something small every second.
 *
 * @param onChange is told when it has failed, or has not answered, for three seconds, and when it answers again.
 * @returns what stops it.
 */
export function watchDatabase(store: Pick<DispatchStore, 'head'>, onChange: (there: boolean) => void): () => void {
  let asking = false;
  let stopped = false;
  /** When the first question was asked of those that have no answer. On the monotonic clock. */
  let silentSinceMs: number | null = null;
  let there = true;

  async function ask(): Promise<void> {
    asking = true;
    silentSinceMs ??= performance.now();
    try {
      await store.head(MICROGRID_ID);
      silentSinceMs = null;
      tell(true);
    } catch {
      // The silence lasts. Why it does is logged and counted where calls fail.
    } finally {
      asking = false;
    }
  }

  function tell(now: boolean): void {
    if (now === there || stopped) return;
    there = now;
    onChange(there);
  }

  const timer = setInterval(() => {
    if (silentSinceMs !== null && performance.now() - silentSinceMs >= PATIENCE_MS) tell(false);
    if (!asking) void ask();
  }, INTERVAL_MS);

  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
