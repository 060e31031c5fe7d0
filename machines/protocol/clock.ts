/** Time as the machines' actors see it. The program gives a system clock, tests a simulated one. */
export interface Clock {
  /** The wall clock, integer milliseconds since the epoch. It may jump. */
  nowMs(): number;
  /** Milliseconds since an arbitrary instant. It never jumps and may stand still while the machine sleeps. */
  monotonicMs(): number;
  /** Calls back after at least `delayMs` (at most 2^31-1) of the monotonic clock; returns the undo. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Calls back once the program has dealt with what waits in its event loop; returns the undo. */
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
