import type { Clock } from '../../machines/clock.js';

/** A clock that stands still until a test moves it. */
export interface SimulatedClock extends Clock {
  /** Lets time pass until an instant of the wall clock: every due timer fires in order, each at its time. */
  advanceTo(ms: number): Promise<void>;
  /** Lets a span pass. */
  advanceBy(ms: number): Promise<void>;
  /** The wall clock jumps, forward or (negative) back; no time passes and no timer fires. */
  step(ms: number): void;
  /** The machine sleeps: the wall clock goes on, the monotonic clock and the timers stand still. */
  suspend(ms: number): void;
  /** Lets everything happen that waits for no timer. */
  settle(): Promise<void>;
  /** How many timers are set. */
  readonly pendingTimers: number;
}

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/**
 * Makes a simulated clock.
 *
 * @param startMs what the wall clock shows at first, milliseconds since the epoch
 */
export function simulatedClock(startMs: number): SimulatedClock {
  let monotonicMs = 0;
  let offsetMs = Math.floor(startMs);
  const timers = new Set<Timer>();

  // One turn of the event loop runs all promise callbacks that are ready, and those that follow from them.
  const settle = () => new Promise<void>(resolve => setImmediate(resolve));

  const advanceBy = async (ms: number) => {
    if (!(ms >= 0)) throw new RangeError(`time does not pass backwards, by ${ms} ms; step() makes the wall clock jump`);
    const endMs = monotonicMs + ms;
    await settle();
    for (let timer = next(timers, endMs); timer !== undefined; timer = next(timers, endMs)) {
      timers.delete(timer);
      monotonicMs = Math.max(monotonicMs, timer.atMs);
      timer.callback();
      await settle();
    }
    monotonicMs = endMs;
  };

  return {
    nowMs: () => Math.floor(monotonicMs + offsetMs),
    monotonicMs: () => monotonicMs,
    setTimer: (callback, delayMs) => {
      const timer = { atMs: monotonicMs + Math.max(0, delayMs), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    yield: callback => {
      const handle = setImmediate(callback);
      return () => clearImmediate(handle);
    },
    advanceTo: ms => advanceBy(ms - (monotonicMs + offsetMs)),
    advanceBy,
    step: ms => {
      offsetMs += ms;
    },
    suspend: ms => {
      offsetMs += ms;
    },
    settle,
    get pendingTimers() {
      return timers.size;
    },
  };
}

/** The timer that fires first; of those at one instant, the one that was set first. */
function next(timers: Set<Timer>, endMs: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) {
    if (timer.atMs <= endMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
  }
  return first;
}
