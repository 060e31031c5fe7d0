import type { Clock } from '../protocol/clock.js';

/** How long to wait before it is tried again, in milliseconds. */
const retryMs = 1_000;

/** Tells what must not get lost. */
export interface PersistentTeller {
  /** Calls a function, and again each second until it does not throw. */
  tell(call: () => void): void;
  /** Gives up what could not be told. */
  stop(): void;
}

/**
 * Makes a {@link PersistentTeller}: whoever watches the actors, such as an inspector, may throw when one of them is sent something, which
 * then does not arrive. What was thrown is reported as an uncaught error, as XState does.
 */
export function persistentTeller(clock: Clock): PersistentTeller {
  const undos = new Set<() => void>();
  const tell = (call: () => void) => {
    try {
      call();
    } catch (error) {
      const undo = clock.setTimer(() => {
        undos.delete(undo);
        tell(call);
      }, retryMs);
      undos.add(undo);
      void Promise.reject(error);
    }
  };
  return {
    tell,
    stop: () => {
      for (const undo of undos) undo();
      undos.clear();
    },
  };
}
