import type { Clock } from '../../machines/protocol/clock.js';
import { DispatchError } from '../model/dispatchError.js';
import type { DispatcherStatus } from './dispatcherStatus.js';

/** A timer cannot be set for longer than this. */
const maxTimerMs = 2 ** 31 - 1;

/** What {@link untilLive} waits by. */
interface LiveWait {
  /** Adds a listener of the standing with the service; returns the undo. */
  readonly onStatus: (listener: (status: DispatcherStatus) => void) => () => void;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** How long to wait at most; one that no timer can hold is for ever. */
  readonly timeoutMs: number;
  /** What it rejects with after that. */
  readonly lateError: () => DispatchError;
}

/** Fulfilled when a dispatcher is live; rejects when it is stopped, the signal aborts or the time is over. */
export async function untilLive({ onStatus, clock, signal, timeoutMs, lateError }: LiveWait): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (outcome: () => void) => () => {
      undoStatus();
      signal?.removeEventListener('abort', onAbort);
      undoTimer();
      outcome();
    };
    const undoStatus = onStatus(({ state }) => {
      if (state === 'live') settle(resolve)();
      if (state === 'stopped') settle(() => reject(stoppedError()))();
    });
    const onAbort = settle(() => reject(signal?.reason));
    const expire = settle(() => reject(lateError()));
    const undoTimer = timeoutMs <= maxTimerMs ? clock.setTimer(expire, timeoutMs) : () => {};
    signal?.addEventListener('abort', onAbort);
  });
}

/** What is said of a dispatcher that was stopped. */
export function stoppedError(): DispatchError {
  return new DispatchError('STOPPED', 'the dispatcher was stopped');
}
