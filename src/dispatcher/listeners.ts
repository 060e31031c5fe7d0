import { EventEmitter } from 'eventemitter3';
import { DispatchError, messageOf } from '../model/dispatchError.js';

/** The listeners of a program, by the name of the event; what they throw is reported and harms nobody else. */
export class Listeners<TPayloads extends object> {
  readonly #emitter = new EventEmitter<string>();
  readonly #report: (problem: DispatchError, name: keyof TPayloads & string) => void;

  /** @param report is told what a listener threw, and the name of its event. It must not throw. */
  constructor(report: (problem: DispatchError, name: keyof TPayloads & string) => void) {
    this.#report = report;
  }

  /** Adds a listener; returns the undo. A promise that it returns may reject: that is reported too. */
  on<K extends keyof TPayloads & string>(name: K, listener: (payload: TPayloads[K]) => unknown): () => void {
    const fail = (cause: unknown) => {
      const reason = messageOf(cause);
      this.#report(new DispatchError('CONSUMER_FAILED', `a listener of '${name}' failed: ${reason}`, { cause }), name);
    };
    const guarded = (payload: unknown) => {
      try {
        // Only those that a caller adds by the types above are ever called.
        const outcome = listener(payload as TPayloads[K]);
        if (outcome instanceof Promise) outcome.catch(fail);
      } catch (error) {
        fail(error);
      }
    };
    this.#emitter.on(name, guarded);
    return () => {
      this.#emitter.off(name, guarded);
    };
  }

  /** Tells every listener of an event; returns whether there was one. */
  emit<K extends keyof TPayloads & string>(name: K, payload: TPayloads[K]): boolean {
    return this.#emitter.emit(name, payload);
  }
}
