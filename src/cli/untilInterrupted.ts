/**
 * An abort signal that SIGINT or SIGTERM aborts. A second one ends the process as usual.
 *
 * @param beforeEnd Called before the second one ends the process. It must do its work at once.
 */
export function untilInterrupted(beforeEnd?: () => void): AbortSignal & Disposable {
  const controller = new AbortController();
  const forget = () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  };
  const interrupt = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      forget();
      beforeEnd?.();
      process.kill(process.pid, signal);
      return;
    }
    if (beforeEnd === undefined) forget();
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return Object.assign(controller.signal, { [Symbol.dispose]: forget });
}

/** Resolves when a signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
