import { performance } from 'node:perf_hooks';
import type { Clock } from '../../machines/protocol/clock.js';
import { type Rehearsal, rehearsal } from './rehearsal.js';
import { systemClock } from './systemClock.js';

/** Number of notifications after which further ones make the first burst hardly faster (`npm run bench -- lateness`). */
const enoughNotifications = 4_000;
/** Maximum duration of a slice of work in milliseconds, and the pause after it. */
const sliceMs = 4;
/** Minimum time until the next change is due, in milliseconds. */
const minSpareMs = 1_000;
/** Maximum time in milliseconds that the event loop may be busy between two slices: above it, the process has other work. */
const maxBusyMs = 1;
/** Pause before the next attempt when there is no spare time, in milliseconds. */
const busyPauseMs = 50;

/**
 * Makes V8 optimise the code of a burst of notifications before the first one: plays synthetic dispatches ({@link rehearsal}) in
 * slices, while the process is idle and nothing is due for a second. It does not keep the process alive.
 */
export class WarmUp {
  /** One function for each live dispatcher: time until its next change is due, in milliseconds. */
  readonly #spareTimes = new Set<() => number>();
  /**
   * Two, played in turn: with a single one, V8 would specialise the code for its objects. They are kept as long as a dispatcher is
   * live, because V8 discards code that was optimised for objects that no longer exist.
   */
  #rehearsals: readonly Rehearsal[] = [];
  #notifications = 0;
  #hasFailed = false;
  #timer: NodeJS.Timeout | null = null;
  readonly #busyMs: () => number;
  #busyBeforeMs = 0;

  /** @param busyMs Total time that the event loop was busy so far, in milliseconds. */
  constructor(busyMs = () => performance.eventLoopUtilization().active) {
    this.#busyMs = busyMs;
  }

  /** Number of notifications played so far. */
  get notifications(): number {
    return this.#notifications;
  }

  /** Whether the warm-up is complete. */
  get isDone(): boolean {
    return this.#notifications >= enoughNotifications || this.#hasFailed;
  }

  /**
   * Uses the spare time of a live dispatcher. With several, each must have time.
   *
   * @param spareMs Time until its next change is due, in milliseconds.
   * @returns The undo.
   */
  readonly use = (spareMs: () => number): (() => void) => {
    this.#spareTimes.add(spareMs);
    if (this.#timer === null && !this.isDone) this.#pause(busyPauseMs);
    return () => {
      this.#spareTimes.delete(spareMs);
      if (this.#spareTimes.size > 0) return;
      this.#cancel();
      this.#rehearsals = [];
    };
  };

  #pause(pauseMs: number): void {
    this.#busyBeforeMs = this.#busyMs();
    this.#timer = setTimeout(() => void this.#continue(), pauseMs);
    this.#timer.unref();
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #continue(): Promise<void> {
    if (!this.#isTime()) return this.#pause(busyPauseMs);
    try {
      await this.#playSlice();
    } catch {
      // The same failure of real dispatches is reported as a problem. Here it only ends the warm-up.
      this.#hasFailed = true;
    }
    if (this.isDone || this.#spareTimes.size === 0) this.#cancel();
    else this.#pause(sliceMs);
  }

  #isTime(): boolean {
    const isBusy = this.#busyMs() - this.#busyBeforeMs > maxBusyMs;
    return !isBusy && [...this.#spareTimes].every(spareMs => spareMs() >= minSpareMs);
  }

  async #playSlice(): Promise<void> {
    const sinceMs = performance.now();
    if (this.#rehearsals.length === 0) this.#rehearsals = [rehearsal(Date.now()), rehearsal(Date.now())];
    while (!this.isDone && performance.now() - sinceMs < sliceMs) {
      for (const one of this.#rehearsals) {
        const played = await one.play();
        this.#notifications += played;
        this.#hasFailed ||= played === 0;
      }
    }
  }
}

/** The use of the spare time of a dispatcher; undefined: it does not warm up. */
export function spareTimeUse(warmUp = true, clock: Clock): WarmUp['use'] | undefined {
  return warmUp && clock === systemClock ? processWarmUp.use : undefined;
}

/** The warm-up of this process. Optimised code belongs to the process, so all its dispatchers share one. */
export const processWarmUp = new WarmUp();
