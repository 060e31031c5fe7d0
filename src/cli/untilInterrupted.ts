/** An abort signal that SIGINT or SIGTERM aborts. A second one ends the process as usual. */
export function untilInterrupted(): AbortSignal & Disposable {
  const controller = new AbortController();
  const forget = () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  };
  const interrupt = () => {
    forget();
    controller.abort();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  return Object.assign(controller.signal, { [Symbol.dispose]: forget });
}

/** Resolves when a signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
