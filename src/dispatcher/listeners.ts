import { EventEmitter } from 'eventemitter3';
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

/** The listeners of a program, by the name of the event. What they throw is reported and harms nobody else. */
export class Listeners<TPayloads extends object> {
  readonly #emitter = new EventEmitter<string>();
  readonly #undos = new Map<() => void, keyof TPayloads & string>();
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
    // The emitter goes on with those that it knew at the beginning of a call: removed ones must not hear it.
    const callIfPresent = (payload: TPayloads[K], epoch: number) => {
      if (epoch !== this.#epoch || !this.#undos.has(undo)) return;
      if (once) undo();
      call(payload);
    };
    const undo = () => {
      this.#undos.delete(undo);
      this.#emitter.off(name, callIfPresent);
      leaveSignal?.();
    };
    const leaveSignal = signal && onAbort(signal, undo);
    this.#undos.set(undo, name);
    this.#emitter.on(name, callIfPresent);
    return undo;
  }

  /** Calls the listeners of an event, except those that are removed meanwhile; returns whether there was one. */
  emit<K extends keyof TPayloads & string>(name: K, payload: TPayloads[K]): boolean {
    return this.#emitter.emit(name, payload, this.#epoch);
  }

  /** Whether an event has a listener. */
  has(name: keyof TPayloads & string): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  /** Removes all listeners, except those of one event where it is named; calls that are under way reach no more of them. */
  clear(except?: keyof TPayloads & string): void {
    this.#epoch += 1;
    for (const [undo, name] of this.#undos) if (name !== except) undo();
  }
}
