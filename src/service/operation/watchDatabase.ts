import type { DispatchStore } from '../domain/dispatchStore.js';

const INTERVAL_MS = 1_000;
/** Time without an answer after which the database counts as unavailable: longer than reconnecting takes. */
const PATIENCE_MS = 3_000;
/** Any microgrid will do. */
const MICROGRID_ID = 0;

/**
 * Probes a store every second.
 *
 * @param onChange is called when the store has failed, or has not answered, for three seconds, and when it answers again.
 * @returns a function that stops it.
 */
export function watchDatabase(store: Pick<DispatchStore, 'head'>, onChange: (there: boolean) => void): () => void {
  let asking = false;
  let stopped = false;
  /** When the first probe without an answer was sent; on the monotonic clock. */
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
      // The reason is logged and counted where calls fail.
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
