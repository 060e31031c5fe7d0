import type { Clock } from '../../machines/protocol/clock.js';

/** The clock of this computer. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (callback, delayMs) => {
    const handle = setTimeout(callback, delayMs);
    return () => clearTimeout(handle);
  },
  yield: typeof setImmediate === 'function' ? yieldInNode : yieldInBrowser,
};

function yieldInNode(callback: () => void): () => void {
  const handle = setImmediate(callback);
  return () => clearImmediate(handle);
}

/** A message comes after the tasks that wait. A timer would be late: browsers delay one that a timer has set, and those of hidden pages. */
function yieldInBrowser(callback: () => void): () => void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(null);
  return () => port1.close();
}
