import type { Clock } from '../../machines/protocol/clock.js';
import { systemClock } from '../dispatcher/systemClock.js';

/** The part of a clock that XState uses (`clock` of `createActor`): timers. */
export interface XStateClock {
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** A clock that stands still until a test moves it. */
export interface SimulatedClock extends Clock {
  /**
   * Lets time pass until a wall-clock time: every due timer fires in order, each at its time, and everything that follows from it
   * happens before the next one fires.
   *
   * @throws RangeError when the wall clock is already past `ms`.
   */
  advanceTo(ms: number): Promise<void>;
  /**
   * Lets `ms` milliseconds pass, as {@link advanceTo} does.
   *
   * @throws RangeError when `ms` is negative.
   */
  advanceBy(ms: number): Promise<void>;
  /** Sets the wall clock forward, or back when `ms` is negative. No time passes and no timer fires. */
  step(ms: number): void;
  /**
   * Suspends the computer for `ms` milliseconds: the wall clock advances, the monotonic clock and the timers do not.
   *
   * @throws RangeError when `ms` is negative.
   */
  suspend(ms: number): void;
  /**
   * Blocks the program for `ms` milliseconds: time passes, and the timers that become due meanwhile fire late, during the next
   * advance.
   *
   * @throws RangeError when `ms` is negative.
   */
  stall(ms: number): void;
  /** Waits until everything has happened that does not depend on a timer. */
  settle(): Promise<void>;
  /**
   * This clock for XState: `createActor(machine, { clock: clock.forXState() })`. The `after` delays and delayed events of that
   * actor system then fire in step with the other timers of this clock.
   */
  forXState(): XStateClock;
  /** Number of timers that are set. */
  readonly pendingTimers: number;
}

/** Options of {@link simulatedClock}. */
export interface SimulatedClockOptions {
  /** By how many milliseconds timers fire early, as real ones may. A timer with a shorter delay fires on time. @default 0 */
  readonly earlyMs?: number | undefined;
}

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/**
 * Creates a simulated clock.
 *
 * @param startMs Initial time of the wall clock, in milliseconds since the epoch.
 */
export function simulatedClock(startMs: number, { earlyMs = 0 }: SimulatedClockOptions = {}): SimulatedClock {
  let monotonicMs = 0;
  let offsetMs = Math.floor(startMs);
  const timers = new Set<Timer>();
  const yields = new Set<object>();

  // One turn of the event loop runs all promise callbacks that are ready, and those that follow from them.
  const settle = async () => {
    do await new Promise<void>(resolve => systemClock.yield(resolve));
    while (yields.size > 0);
  };

  const advanceBy = async (ms: number) => {
    checkSpan(ms);
    const endMs = monotonicMs + ms;
    await settle();
    for (let timer = next(timers, endMs); timer !== undefined; timer = next(timers, endMs)) {
      timers.delete(timer);
      monotonicMs = Math.max(monotonicMs, timer.atMs);
      timer.callback();
      await settle();
    }
    monotonicMs = Math.max(monotonicMs, endMs);
  };

  const setTimer = (callback: () => void, delayMs: number): Timer => {
    const waitMs = delayMs > earlyMs ? delayMs - earlyMs : Math.max(0, delayMs || 0);
    const timer = { atMs: monotonicMs + waitMs, callback };
    timers.add(timer);
    return timer;
  };

  return {
    nowMs: () => Math.floor(monotonicMs + offsetMs),
    monotonicMs: () => monotonicMs,
    setTimer: (callback, delayMs) => {
      const timer = setTimer(callback, delayMs);
      return () => timers.delete(timer);
    },
    forXState: () => ({
      setTimeout: setTimer,
      clearTimeout: timer => timers.delete(timer as Timer),
    }),
    yield: callback => {
      const pending = {};
      yields.add(pending);
      const undo = systemClock.yield(() => {
        yields.delete(pending);
        callback();
      });
      return () => {
        yields.delete(pending);
        undo();
      };
    },
    advanceTo: async ms => {
      const nowMs = monotonicMs + offsetMs;
      if (!(ms >= nowMs))
        throw new RangeError(`ms must be ${nowMs} (now) or later, got ${ms}; to set the wall clock back, use step()`);
      await advanceBy(ms - nowMs);
    },
    advanceBy,
    step: ms => {
      offsetMs += ms;
    },
    suspend: ms => {
      checkSpan(ms);
      offsetMs += ms;
    },
    stall: ms => {
      checkSpan(ms);
      monotonicMs += ms;
    },
    settle,
    get pendingTimers() {
      return timers.size;
    },
  };
}

function checkSpan(ms: number): void {
  if (!(ms >= 0)) throw new RangeError(`ms must be 0 or more, got ${ms}; to set the wall clock back, use step()`);
}

/** The timer that fires first; of several at one time, the one that was set first. */
function next(timers: Set<Timer>, endMs: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) {
    if (timer.atMs <= endMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
  }
  return first;
}
