import type { Run } from './schedule.js';

/** A clock that goes back by this much at most, to before the start of a run, does not stop it. */
const clockBackGraceMs = 60_000;

/** Whether the clock stands so far before the start of a run that began already that it must be stopped. */
export function isLongBefore(run: Run, atMs: number): boolean {
  return atMs < run.startMs - clockBackGraceMs;
}

/**
 * The instant to judge by inside a run that began already: the present one, or the start of the run when that is kept although
 * the clock went back to a little before it.
 */
export function judgedAtMs(run: Run, atMs: number): number {
  return isLongBefore(run, atMs) ? atMs : Math.max(atMs, run.startMs);
}
