import { AsyncLocalStorage } from 'node:async_hooks';

const signals = new AsyncLocalStorage<AbortSignal>();

/** Runs a command within a process that goes on after it, until the signal aborts. */
export function runWithin<T>(signal: AbortSignal, run: () => T): T {
  return signals.run(signal, run);
}

/** What ends the running command, as Ctrl-C in `dispatch shell`; undefined where it has the process for itself, which a signal ends. */
export function commandSignal(): AbortSignal | undefined {
  return signals.getStore();
}
