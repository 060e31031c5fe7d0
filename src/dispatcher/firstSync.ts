import type { Clock } from '../../machines/protocol/clock.js';
import { withinLimits } from './withinLimits.js';

/** Options of `Dispatcher.ready`. */
export interface ReadyOptions {
  /** Ends the wait, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Maximum wait, in milliseconds. @default no limit */
  readonly timeoutMs?: number | undefined;
}

/** The first sync of a dispatcher, which programs wait for. */
export class FirstSync {
  readonly #clock: Clock;
  readonly #lateError: (timeoutMs: number) => Error;
  /** Called when it is done; undefined from then on. */
  #waiting: Set<() => void> | undefined = new Set();

  /** @param lateError Makes the error of a wait that was too long. */
  constructor(clock: Clock, lateError: (timeoutMs: number) => Error) {
    this.#clock = clock;
    this.#lateError = lateError;
  }

  /** Notes that it is done. */
  done(): void {
    for (const call of this.#waiting ?? []) call();
    this.#waiting = undefined;
  }

  /**
   * Waits until it is done.
   *
   * @param ending Aborts when the dispatcher stops.
   * @throws the reason of a signal that aborts, also one that has aborted before; the error of a wait that was too long.
   */
  async wait({ signal, timeoutMs = Number.POSITIVE_INFINITY }: ReadyOptions, ending: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    ending.throwIfAborted();
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const subscribe = (call: () => void) => {
      waiting.add(call);
      return () => waiting.delete(call);
    };
    const signals = signal ? [ending, signal] : [ending];
    const lateError = () => this.#lateError(timeoutMs);
    await withinLimits(subscribe, { signals, clock: this.#clock, timeoutMs, lateError });
  }
}
