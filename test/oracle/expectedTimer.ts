/** The wall clock is compared with the monotonic clock at least this often. */
const maxWaitMs = 1_000;

/** A wall clock that falls back by less than this did not step. */
const stepToleranceMs = 100;

/** The two clocks of a simulated machine, and when the timer of a dispatcher looks at them. */
export class ExpectedTimer {
  monotonicMs = 0;
  /** When it fires next, by the monotonic clock. */
  wakesMs = 0;
  #aheadMs: number;
  #seenAheadMs: number;
  readonly #earlyMs: number;

  /** @param earlyMs so early timers fire, but those that wait for no longer than this. */
  constructor(wallMs: number, earlyMs: number) {
    this.#earlyMs = earlyMs;
    this.#aheadMs = wallMs;
    this.#seenAheadMs = wallMs;
  }

  get nowMs(): number {
    return this.monotonicMs + this.#aheadMs;
  }

  /** The wall clock steps, or goes on while the machine sleeps. */
  step(ms: number): void {
    this.#aheadMs += ms;
  }

  /** A new timer takes the clocks as it finds them. */
  restart(): void {
    this.#seenAheadMs = this.#aheadMs;
  }

  /** Looks at the clocks: whether the wall clock went back since the last look. */
  sawStepBack(): boolean {
    const wentBack = this.#aheadMs < this.#seenAheadMs - stepToleranceMs;
    this.#seenAheadMs = this.#aheadMs;
    return wentBack;
  }

  /** Waits for an instant of the wall clock, null for none. */
  waitFor(atMs: number | null): void {
    const leftMs = atMs === null ? maxWaitMs : atMs - this.nowMs;
    this.wakesMs = this.firesMs(Math.min(Math.max(leftMs, 0), maxWaitMs));
  }

  /** When a timer fires that is set now, by the monotonic clock. */
  firesMs(delayMs: number): number {
    return this.monotonicMs + (delayMs > this.#earlyMs ? delayMs - this.#earlyMs : delayMs);
  }
}
