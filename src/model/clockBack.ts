import type { Run } from './schedule.js';

/** Maximum step back of the clock, to before the start of a run, that does not stop the run. */
const clockBackGraceMs = 60_000;

/** Whether the clock is so far before the start of a run that has begun that the run must be stopped. */
export function isLongBefore(run: Run, atMs: number): boolean {
  return atMs < run.startMs - clockBackGraceMs;
}

/**
 * The instant at which a run that has begun is evaluated: the present one, or the start of the run when the clock has gone back
 * to shortly before it and the run continues.
 */
export function judgedAtMs(run: Run, atMs: number): number {
  return isLongBefore(run, atMs) ? atMs : Math.max(atMs, run.startMs);
}
