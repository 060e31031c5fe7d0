import { type Clock, maxSliceMs } from './clock.js';

/** Returns what lets the event loop turn once a slice of work has lasted long enough. */
export function sliced(clock: Clock): () => Promise<void> {
  let sinceMs = clock.monotonicMs();
  return async () => {
    if (clock.monotonicMs() - sinceMs < maxSliceMs) return;
    await new Promise<void>(resolve => clock.yield(resolve));
    sinceMs = clock.monotonicMs();
  };
}
