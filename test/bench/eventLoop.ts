/** How often the event loop is looked at. */
const intervalMs = 1;

/** Watches for how long the event loop of this process does not turn. */
export interface EventLoopWatch extends Disposable {
  /** The longest that a timer which was due had to wait since the last call, in milliseconds. */
  longestBlockMs(): number;
}

/** Starts to watch the event loop. */
export function watchEventLoop(): EventLoopWatch {
  let seenMs = performance.now();
  let longestMs = 0;
  const look = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - seenMs - intervalMs);
    seenMs = nowMs;
  };
  const timer = setInterval(look, intervalMs);
  return {
    longestBlockMs: () => {
      look();
      const blockMs = longestMs;
      longestMs = 0;
      return blockMs;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
