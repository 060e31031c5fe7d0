import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { isOccurrence } from '../support/bruteForceRule.js';
import { dayMs, hourMs, minuteMs } from '../support/dispatchRecord.js';

/** `[startMs, endMs)`; no end is null. */
export interface Run {
  readonly startMs: number;
  readonly endMs: number | null;
}

/** Further ahead than this no run is looked for: the rules of the sequences recur within a week. */
const horizonMs = 8 * dayMs;

/** The runs of a dispatch, found by trying every minute or hour, one after the other from its start time on. */
export class BruteForceRuns {
  readonly #record: DispatchRecord;
  readonly #runs: Run[] = [];
  readonly #stepMs: number;
  #triedMs: number;
  #left: number;

  constructor(record: DispatchRecord) {
    this.#record = record;
    const { recurrence, startTimeMs, durationMs, active } = record;
    this.#stepMs = recurrence?.frequency === 'MINUTELY' || recurrence?.byMinutes?.length ? minuteMs : hourMs;
    this.#triedMs = Math.floor(startTimeMs / 1000) * 1000 - this.#stepMs;
    this.#left = recurrence?.count ?? Number.POSITIVE_INFINITY;
    if (!active) this.#left = 0;
    else if (recurrence === null || durationMs === null) {
      // Without a duration it runs once, whatever its rule says.
      this.#left = 0;
      this.#add(startTimeMs);
    }
  }

  /** The run that it is in. The latest start decides, also while an earlier run would go on for longer. */
  at(ms: number): Run | null {
    const run = this.latest(ms);
    return run !== null && (run.endMs === null || ms < run.endMs) ? run : null;
  }

  /** The run that started last, by an instant. */
  latest(ms: number): Run | null {
    this.#tryUntil(ms);
    return this.#runs.findLast(({ startMs }) => startMs <= ms) ?? null;
  }

  /** The runs that start after an instant, by another. */
  between(afterMs: number, byMs: number): Run[] {
    this.#tryUntil(byMs);
    return this.#runs.filter(({ startMs }) => startMs > afterMs && startMs <= byMs);
  }

  /** The first run that starts after an instant and that is wanted. */
  next(afterMs: number, isWanted: (run: Run) => boolean): Run | null {
    this.#tryUntil(afterMs);
    const known = this.#runs.length;
    const found = this.#runs.find(run => run.startMs > afterMs && isWanted(run));
    if (found !== undefined) return found;
    for (let i = known; this.#left > 0 && this.#triedMs < afterMs + horizonMs; ) {
      this.#tryUntil(this.#triedMs + this.#stepMs);
      for (; i < this.#runs.length; i++) {
        const run = this.#runs[i];
        if (run !== undefined && run.startMs > afterMs && isWanted(run)) return run;
      }
    }
    return null;
  }

  #tryUntil(ms: number): void {
    const { recurrence, startTimeMs } = this.#record;
    while (recurrence !== null && this.#left > 0 && this.#triedMs + this.#stepMs <= ms) {
      this.#triedMs += this.#stepMs;
      if (recurrence.count === undefined && this.#triedMs > (recurrence.untilMs ?? Number.POSITIVE_INFINITY)) {
        this.#left = 0;
      } else if (isOccurrence(recurrence, startTimeMs, this.#triedMs)) {
        this.#left -= 1;
        this.#add(this.#triedMs);
      }
    }
  }

  /** An occurrence is a whole second, and no run begins before the start time within that second. */
  #add(occurrenceMs: number): void {
    const { durationMs, startTimeMs } = this.#record;
    const startMs = Math.max(occurrenceMs, startTimeMs);
    const endMs = durationMs === null ? null : Math.max(occurrenceMs + durationMs, startMs);
    this.#runs.push({ startMs, endMs });
  }
}
