/** The clock port of the machines' actors. Programs provide a system clock, tests a simulated one. */
export interface Clock {
  /** Wall-clock time in integer milliseconds since the epoch. It may jump. */
  nowMs(): number;
  /** Monotonic time in milliseconds since an arbitrary instant. It never jumps and may stand still while the computer sleeps. */
  monotonicMs(): number;
  /** Calls back after at least `delayMs` (at most 2^31-1) of monotonic time; returns the function that cancels it. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Calls back after the tasks that wait in the event loop; returns the function that cancels it. */
  yield(callback: () => void): () => void;
}

/** Maximum duration of a slice of work in milliseconds; then the event loop turns. */
export const maxSliceMs = 8;

/** Returns a function that yields to the event loop when the present slice of work has lasted for {@link maxSliceMs}. */
export function yieldBetweenSlices(clock: Clock): () => Promise<void> {
  let sinceMs = clock.monotonicMs();
  return async () => {
    if (clock.monotonicMs() - sinceMs < maxSliceMs) return;
    await new Promise<void>(resolve => clock.yield(resolve));
    sinceMs = clock.monotonicMs();
  };
}
