import { DispatchError, type DispatchErrorDetails } from '../model/dispatchError.js';

/** A pending call. It is disposed of when it has ended in any way. */
export interface OpenCall extends Disposable {
  /**
   * Aborts when the caller aborts, the deadline passes, or the client is closed. Its reason is then the error of the call,
   * whatever error the interrupted attempt reports.
   */
  readonly signal: AbortSignal;
  /** Time left until the deadline, in milliseconds; not negative. */
  leftMs(): number;
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
  readonly #signals = new SharedSignals();
  #isClosed = false;

  /** @throws the reason of the signal when it has aborted; DispatchError STOPPED when the client is closed. */
  open({ signal, timeoutMs, ids }: OpenCallOptions): OpenCall {
    if (this.#isClosed) throw closedError();
    signal?.throwIfAborted();
    const controller = new AbortController();
    const unlisten = signal && this.#signals.listen(signal, () => controller.abort(signal.reason));
    const untilMs = performance.now() + timeoutMs;
    const expire = () =>
      controller.abort(
        new DispatchError('DEADLINE_EXCEEDED', `DEADLINE_EXCEEDED: no result within ${timeoutMs} ms`, ids),
      );
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(expire, timeoutMs);
    // Also when nobody reads the stream any more, and so disposes of it.
    controller.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    this.#controllers.add(controller);
    return {
      signal: controller.signal,
      leftMs: () => Math.max(0, untilMs - performance.now()),
      [Symbol.dispose]: () => {
        unlisten?.();
        this.#controllers.delete(controller);
        // Requests that the call started and nobody waits for any more end with it.
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

/** Signals with one listener each, however many calls they end: Node.js warns about more than ten. */
class SharedSignals {
  readonly #listeners = new Map<AbortSignal, { readonly all: Set<() => void>; readonly tell: () => void }>();

  /** Returns a function that undoes it. */
  listen(signal: AbortSignal, listener: () => void): () => void {
    let shared = this.#listeners.get(signal);
    if (shared === undefined) {
      const all = new Set<() => void>();
      const tell = () => {
        for (const end of all) end();
      };
      shared = { all, tell };
      this.#listeners.set(signal, shared);
      signal.addEventListener('abort', shared.tell, { once: true });
    }
    const { all, tell } = shared;
    all.add(listener);
    return () => {
      all.delete(listener);
      if (all.size > 0) return;
      signal.removeEventListener('abort', tell);
      this.#listeners.delete(signal);
    };
  }
}

function closedError(): DispatchError {
  return new DispatchError('STOPPED', 'the client is closed');
}
