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

/** Work that goes on for longer than this lets the event loop turn. */
export const maxSliceMs = 8;
