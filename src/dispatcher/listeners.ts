import { onAbort } from '../client/onAbort.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import { guarded } from './guarded.js';

/** Options of a listener. */
export interface ListenerOptions {
  /** Removes the listener when it aborts. @default never */
  readonly signal?: AbortSignal | undefined;
  /** Whether the listener is removed before its first call. @default false */
  readonly once?: boolean | undefined;
}

/** One listener of an event. */
interface Listener {
  /** Never throws. */
  readonly call: (payload: unknown) => void;
  readonly undo: () => void;
  readonly once: boolean;
}

/** The listeners of a program, by the name of the event. What they throw is reported and harms nobody else. */
export class Listeners<TPayloads extends object> {
  readonly #listeners = new Map<keyof TPayloads, Set<Listener>>();
  /** Raised to end calls that are under way. */
  #epoch = 0;
  readonly #report: (problem: DispatchError, name: keyof TPayloads & string) => void;

  /** @param report is told what a listener threw, and the name of its event. It must not throw. */
  constructor(report: (problem: DispatchError, name: keyof TPayloads & string) => void) {
    this.#report = report;
  }

  /** Adds a listener; returns the undo. A promise that the listener returns may reject: that is reported too. */
  on<K extends keyof TPayloads & string>(
    name: K,
    listener: (payload: TPayloads[K]) => unknown,
    { signal, once = false }: ListenerOptions = {},
  ): () => void {
    if (signal?.aborted) return () => {};
    const call = guarded(listener, cause => {
      const message = `a listener of '${name}' failed: ${messageOf(cause)}`;
      this.#report(new DispatchError('CONSUMER_FAILED', message, { cause }), name);
    });
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    const undo = () => {
      listeners.delete(own);
      leaveSignal?.();
    };
    const own: Listener = { call: payload => call(payload as TPayloads[K]), undo, once };
    const leaveSignal = signal && onAbort(signal, undo);
    listeners.add(own);
    return undo;
  }

  /** Calls the listeners that an event has now, except those that are removed meanwhile; returns whether there was one. */
  emit<K extends keyof TPayloads & string>(name: K, payload: TPayloads[K]): boolean {
    const listeners = this.#listeners.get(name);
    if (!listeners?.size) return false;
    const epoch = this.#epoch;
    for (const listener of [...listeners]) {
      if (epoch !== this.#epoch) break;
      if (!listeners.has(listener)) continue;
      if (listener.once) listener.undo();
      listener.call(payload);
    }
    return true;
  }

  /** Whether an event has a listener. */
  has(name: keyof TPayloads & string): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Removes all listeners, except those of one event where it is named; calls that are under way reach no more of them. */
  clear(except?: keyof TPayloads & string): void {
    this.#epoch += 1;
    for (const [name, listeners] of this.#listeners) {
      if (name === except) continue;
      for (const { undo } of listeners) undo();
    }
  }
}
