import { performance } from 'node:perf_hooks';
import { type Rehearsal, rehearsal } from './rehearsal.js';

/** After so many notifications there is hardly anything left to compile. */
const enoughNotifications = 4_000;
/** It goes on for this long at most, and then leaves the event loop alone for as long. */
const sliceMs = 4;
/** Who has less time than this until something is due is not disturbed. */
const minSpareMs = 1_000;
/** A process whose event loop was busy for longer between two slices has something else to do. */
const maxBusyMs = 1;
/** After this it is looked again whether there is time. */
const busyPauseMs = 50;

/**
 * Has the code compiled which a burst of notifications goes through, so that the first burst is as fast as later ones: plays
 * dispatches that nobody has through their life, in slices, while the process waits and nothing is due for a second.
 *
 * It does not keep the process alive.
 */
export class WarmUp {
  /** For how long nothing is due, in milliseconds, by each dispatcher that waits. */
  readonly #spareTimes = new Set<() => number>();
  /**
   * Two, in turn: what only one was ever seen to do is compiled for that one alone. They are held as long as somebody waits,
   * because V8 throws away code that was compiled for objects of which none is left.
   */
  #rehearsals: readonly Rehearsal[] = [];
  #notifications = 0;
  #hasFailed = false;
  #timer: NodeJS.Timeout | null = null;
  readonly #busyMs: () => number;
  #busyBeforeMs = 0;

  /** @param busyMs for how long the event loop was busy so far, in milliseconds */
  constructor(busyMs = () => performance.eventLoopUtilization().active) {
    this.#busyMs = busyMs;
  }

  /** Number of notifications that were played. */
  get notifications(): number {
    return this.#notifications;
  }

  /** Whether nothing is left to do. */
  get isDone(): boolean {
    return this.#notifications >= enoughNotifications || this.#hasFailed;
  }

  /**
   * Uses the time in which a dispatcher waits, beside those that wait already.
   *
   * @param spareMs for how long nothing is due, in milliseconds
   * @returns the undo
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
      // Real dispatches would fail by the same, and that is told. Here it is only no use to go on.
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

/** That of this process: compiled code is its own, whatever number of dispatchers it has. */
export const processWarmUp = new WarmUp();
