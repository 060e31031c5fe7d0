import type { Clock } from '../../machines/protocol/clock.js';

/** The clock of this computer. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (callback, delayMs) => {
    const handle = setTimeout(callback, delayMs);
    return () => clearTimeout(handle);
  },
  yield: callback => {
    const handle = setImmediate(callback);
    return () => clearImmediate(handle);
  },
};
