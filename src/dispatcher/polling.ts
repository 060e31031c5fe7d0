import type { Clock } from '../../machines/protocol/clock.js';

const minuteMs = 60_000;

/** Time for which the stream is tried again every minute, in milliseconds; then it is tried every hour. */
const firstTriesMs = 5 * minuteMs;

/** Whether a service is polled because it has no stream, and when its stream is tried again. */
export class Polling {
  readonly #clock: Clock;
  /** When the stream was missing for the first time and for the last, on the monotonic clock; null: it is there. */
  #missing: { readonly sinceMs: number; lastMs: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the service is polled. */
  get isOn(): boolean {
    return this.#missing !== null;
  }

  /** Whether the stream is to be tried now: always when the service is not polled. */
  get triesStream(): boolean {
    if (this.#missing === null) return true;
    const { sinceMs, lastMs } = this.#missing;
    const intervalMs = lastMs - sinceMs < firstTriesMs ? minuteMs : 60 * minuteMs;
    return this.#clock.monotonicMs() - lastMs >= intervalMs;
  }

  /** Notes that the service has answered that it has no stream. */
  begin(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#missing = { sinceMs: this.#missing?.sinceMs ?? nowMs, lastMs: nowMs };
  }

  /** Notes that the service has a stream. */
  end(): void {
    this.#missing = null;
  }
}
