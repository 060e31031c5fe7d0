import type { DispatchStore } from '../domain/dispatchStore.js';

const INTERVAL_MS = 1_000;
/** Time without an answer after which the database counts as unavailable: longer than reconnecting takes. */
const PATIENCE_MS = 3_000;
/**
 * Checks a store now and every second.
 *
 * @param onChange is called when the store has failed, or has not answered, for three seconds, and when it answers again; with the
 * last error, if there was one.
 * @returns a function that stops it.
 */
export function watchDatabase(
  store: Pick<DispatchStore, 'check'>,
  onChange: (there: boolean, error?: unknown) => void,
): () => void {
  let asking = false;
  let stopped = false;
  /** When the first probe without an answer was sent; on the monotonic clock. */
  let silentSinceMs: number | null = null;
  let there = true;
  let failure: unknown;

  async function ask(): Promise<void> {
    asking = true;
    silentSinceMs ??= performance.now();
    try {
      await store.check();
      silentSinceMs = null;
      failure = undefined;
      tell(true);
    } catch (error) {
      failure = error;
    } finally {
      asking = false;
    }
  }

  function tell(now: boolean): void {
    if (now === there || stopped) return;
    there = now;
    onChange(there, failure);
  }

  const timer = setInterval(() => {
    if (silentSinceMs !== null && performance.now() - silentSinceMs >= PATIENCE_MS) tell(false);
    if (!asking) void ask();
  }, INTERVAL_MS);

  void ask();

  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
