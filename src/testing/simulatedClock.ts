import type { Clock } from '../../machines/protocol/clock.js';

/** A clock that stands still until a test moves it. */
export interface SimulatedClock extends Clock {
  /**
   * Lets time pass until an instant of the wall clock: every due timer fires in order, each at its time, and what follows
   * from it happens before the next.
   *
   * @throws RangeError when the wall clock is past that instant.
   */
  advanceTo(ms: number): Promise<void>;
  /**
   * Lets a span pass, as {@link advanceTo} does.
   *
   * @throws RangeError when the span is negative.
   */
  advanceBy(ms: number): Promise<void>;
  /** The wall clock jumps, forward or (negative) back; no time passes and no timer fires. */
  step(ms: number): void;
  /**
   * The machine sleeps: the wall clock goes on, the monotonic clock and the timers stand still.
   *
   * @throws RangeError when the span is negative.
   */
  suspend(ms: number): void;
  /**
   * The program is busy for a span: time passes, and the timers that come due meanwhile fire late, with the next advance.
   *
   * @throws RangeError when the span is negative.
   */
  stall(ms: number): void;
  /** Lets everything happen that waits for no timer. */
  settle(): Promise<void>;
  /** How many timers are set. */
  readonly pendingTimers: number;
}

/** How a {@link simulatedClock} behaves. */
export interface SimulatedClockOptions {
  /** Timers fire so many milliseconds before their time; one that is set for no longer than this fires in time. @default 0 */
  readonly earlyMs?: number;
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
export function simulatedClock(startMs: number, { earlyMs = 0 }: SimulatedClockOptions = {}): SimulatedClock {
  let monotonicMs = 0;
  let offsetMs = Math.floor(startMs);
  const timers = new Set<Timer>();
  const yields = new Set<NodeJS.Immediate>();

  // One turn of the event loop runs all promise callbacks that are ready, and those that follow from them.
  const settle = async () => {
    do await new Promise<void>(resolve => setImmediate(resolve));
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

  return {
    nowMs: () => Math.floor(monotonicMs + offsetMs),
    monotonicMs: () => monotonicMs,
    setTimer: (callback, delayMs) => {
      const waitMs = delayMs > earlyMs ? delayMs - earlyMs : Math.max(0, delayMs);
      const timer = { atMs: monotonicMs + waitMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    yield: callback => {
      const handle = setImmediate(() => {
        yields.delete(handle);
        callback();
      });
      yields.add(handle);
      return () => {
        yields.delete(handle);
        clearImmediate(handle);
      };
    },
    advanceTo: ms => advanceBy(ms - (monotonicMs + offsetMs)),
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
  if (!(ms >= 0)) throw new RangeError(`time does not pass backwards, by ${ms} ms; step() makes the wall clock jump`);
}

/** The timer that fires first; of those at one instant, the one that was set first. */
function next(timers: Set<Timer>, endMs: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) {
    if (timer.atMs <= endMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
  }
  return first;
}
