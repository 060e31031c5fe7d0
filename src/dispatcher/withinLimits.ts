import type { Clock } from '../../machines/protocol/clock.js';
import { onAbort } from '../client/onAbort.js';

/** A timer cannot be set for longer than this. */
const maxTimerMs = 2 ** 31 - 1;

/** How long {@link withinLimits} waits. */
interface Limits {
  /** The first of them that aborts ends the wait, with its reason. */
  readonly signals: readonly AbortSignal[];
  readonly clock: Clock;
  /** Maximum duration; one that no timer can hold is for ever. */
  readonly timeoutMs: number;
  /** What it rejects with after that. */
  readonly lateError: () => Error;
}

/**
 * Waits for a call, within limits.
 *
 * @param subscribe arranges the call; returns the undo.
 */
export async function withinLimits(subscribe: (call: () => void) => () => void, limits: Limits): Promise<void> {
  const { signals, clock, timeoutMs, lateError } = limits;
  const undos: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      undos.push(subscribe(resolve));
      for (const signal of signals) {
        const abort = () => reject(signal.reason);
        if (signal.aborted) abort();
        else undos.push(onAbort(signal, abort));
      }
      if (timeoutMs <= maxTimerMs) undos.push(clock.setTimer(() => reject(lateError()), timeoutMs));
    });
  } finally {
    for (const undo of undos) undo();
  }
}
