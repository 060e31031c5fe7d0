import { DispatchError, type DispatchErrorDetails } from '../model/dispatchError.js';
import { onAbort } from './onAbort.js';

/** A pending call. */
export interface OpenCall {
  /**
   * Aborts when the caller aborts, the deadline passes, or the client is closed. Its reason is then the error of the call,
   * whatever error the interrupted attempt reports.
   */
  readonly signal: AbortSignal;
  /** Time left until the deadline, in milliseconds; not negative. */
  leftMs(): number;
  /** Must be called when it has ended in any way: what was begun for it and nobody waits for any more ends with it. */
  end(): void;
}

/** What can end a call early. */
export interface OpenCallOptions {
  readonly signal: AbortSignal | undefined;
  /** Timeout with all attempts; `Infinity` for a sequence of calls that each have a timeout. */
  readonly timeoutMs: number;
  /** The ids that the call is about, for its errors. */
  readonly ids: DispatchErrorDetails;
}

/** The pending calls of a client. */
export class OpenCalls {
  readonly #controllers = new Set<AbortController>();
  readonly #lateHint: string;
  #isClosed = false;

  /** @param lateHint What the error of a call without a result says beside that. */
  constructor(lateHint = '') {
    this.#lateHint = lateHint;
  }

  /** @throws the reason of the signal when it has aborted; DispatchError STOPPED when the client is closed. */
  open({ signal, timeoutMs, ids }: OpenCallOptions): OpenCall {
    if (this.#isClosed) throw closedError();
    signal?.throwIfAborted();
    const controller = new AbortController();
    const unlisten = signal && onAbort(signal, () => controller.abort(signal.reason));
    const untilMs = performance.now() + timeoutMs;
    const expire = () =>
      controller.abort(
        new DispatchError(
          'DEADLINE_EXCEEDED',
          `DEADLINE_EXCEEDED: no result within ${timeoutMs} ms${this.#lateHint}`,
          ids,
        ),
      );
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(expire, timeoutMs);
    // Also when nobody reads the stream any more, and so ends it.
    controller.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    this.#controllers.add(controller);
    return {
      signal: controller.signal,
      leftMs: () => Math.max(0, untilMs - performance.now()),
      end: () => {
        unlisten?.();
        this.#controllers.delete(controller);
        controller.abort('the call has ended');
      },
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends the pending calls, and refuses new ones. */
  close(): void {
    this.#isClosed = true;
    for (const controller of this.#controllers) controller.abort(closedError());
  }
}

function closedError(): DispatchError {
  return new DispatchError('STOPPED', 'the client is closed');
}
