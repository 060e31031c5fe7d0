/** What waits for each signal that has not aborted. */
const waiting = new WeakMap<AbortSignal, Waiting>();

interface Waiting {
  readonly calls: Set<() => void>;
  readonly abort: () => void;
}

/**
 * Calls once when a signal aborts; returns the undo. However many wait for one signal, it has one listener: Node.js takes more than ten for
 * a leak, and programs share one signal for all that they end together.
 *
 * @param signal Must not have aborted.
 * @param call Must not throw.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const { calls, abort } = waiting.get(signal) ?? listen(signal);
  // The same function may wait more than once.
  const own = () => call();
  calls.add(own);
  return () => {
    calls.delete(own);
    if (calls.size > 0 || waiting.get(signal)?.calls !== calls) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', abort);
  };
}

function listen(signal: AbortSignal): Waiting {
  const calls = new Set<() => void>();
  const abort = () => {
    waiting.delete(signal);
    for (const call of calls) call();
  };
  const listening = { calls, abort };
  waiting.set(signal, listening);
  signal.addEventListener('abort', abort, { once: true });
  return listening;
}
