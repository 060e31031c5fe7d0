import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { type Run, runAt, runFrom, startAtOrAfter, startAtOrBefore, startsBetween } from '../../src/model/schedule.js';

/** Next time at which a dispatch needs `timer.due`, and why. */
export interface NextChange {
  /** Milliseconds since the epoch; later than the time at which it was planned. */
  readonly atMs: number;
  readonly kind: 'start' | 'stop';
}

/** Plan of a dispatch at a time. */
export interface Plan {
  /** The present run; null: none. */
  readonly run: Run | null;
  /** Start of the last run announced before the present one; the clock announces no run up to it again. Null: none. */
  readonly doneMs: number | null;
  readonly nextChange: NextChange | null;
}

/** Input of a dispatch machine. */
export interface DispatchInput {
  readonly dispatch: DispatchRecord;
  /** Present time, milliseconds since the epoch. */
  readonly atMs: number;
  /** Whether the dispatch came with the first sync or with a later change. @default 'sync' */
  readonly cause?: 'sync' | 'update';
}

/** Context of a dispatch machine; JSON-safe. */
export interface DispatchContext extends Plan {
  readonly dispatch: DispatchRecord;
  /** Time of the last event that had an effect, milliseconds since the epoch. */
  readonly atMs: number;
  /** Kind of that event: the cause of a run that began with it. */
  readonly cause: 'schedule' | 'update' | 'sync';
}

/** Events to a dispatch machine; `atMs` is the present time, milliseconds since the epoch. */
export type DispatchMachineEvent =
  | { readonly type: 'timer.due'; readonly atMs: number }
  /** The clock was set for the first time: what was planned before is planned anew, as at a first sync. Ignored in a run. */
  | { readonly type: 'clock.set'; readonly atMs: number }
  /** The machine was restored in the state `running`: a run that continues at `atMs` is announced as resumed. */
  | { readonly type: 'dispatch.restored'; readonly atMs: number }
  | { readonly type: 'dispatch.updated'; readonly atMs: number; readonly dispatch: DispatchRecord }
  | { readonly type: 'dispatch.deleted'; readonly atMs: number; readonly dispatch?: DispatchRecord };

/** Arguments of the actions and guards of a dispatch machine. */
export interface DispatchArgs {
  readonly context: DispatchContext;
  readonly event: DispatchMachineEvent;
}

/** Maximum number of missed runs that are counted exactly. */
export const maxMissedCount = 1_000;

/** Maximum delay in milliseconds after which a zero-length run still starts and stops; later, it is missed. */
const zeroLengthGraceMs = 1_000;

/**
 * The plan that follows from the dispatch alone, whatever was announced: at the start, and after an update. Only a
 * zero-length run that was announced does not begin again.
 */
export function planAfresh(dispatch: DispatchRecord, atMs: number, before: Plan | null): Plan {
  const lastMs = [before?.run?.startMs, before?.doneMs].find(ms => ms != null && ms <= atMs) ?? null;
  const run = presentRun(dispatch, atMs, lastMs);
  return planFor(dispatch, atMs, run, before && doneBefore(before, run?.startMs ?? atMs + 1));
}

/** The last announced start before a time. If only a later one is known, all starts before the time count as done. */
function doneBefore({ run, doneMs }: Plan, ms: number): number | null {
  if (run !== null && run.startMs < ms) return run.startMs;
  return doneMs === null ? null : Math.min(doneMs, ms - 1);
}

/** The plan when a start or a stop is due: only a run that was not announced begins. */
export function planByTimer(dispatch: DispatchRecord, atMs: number, before: Plan): Plan {
  return planFor(dispatch, atMs, dueRun(dispatch, atMs, before), announcedMs(before));
}

/** The plan outside any run, with the starts up to `doneMs` done. */
export function planIdle(dispatch: DispatchRecord, atMs: number, doneMs: number | null): Plan {
  return planFor(dispatch, atMs, null, doneMs);
}

/** The last announced start; null: none. */
export function announcedMs({ run, doneMs }: Plan): number | null {
  return run?.startMs ?? doneMs;
}

/** The run that is due: it contains the present time and was not announced. */
export function dueRun(dispatch: DispatchRecord, atMs: number, before: Plan): Run | null {
  const doneMs = announcedMs(before);
  const run = presentRun(dispatch, atMs, doneMs);
  return run !== null && (doneMs === null || run.startMs > doneMs) ? run : null;
}

/**
 * The runs that passed completely since the last event, as of `atMs`; null: none. Counted exactly up to
 * {@link maxMissedCount}.
 */
export function missedRuns(
  dispatch: DispatchRecord,
  atMs: number,
  plan: Plan,
): { run: Run; count: number; more: boolean; firstMs: number; lastMs: number } | null {
  const fromMs = plan.run === null ? plan.nextChange?.atMs : plan.run.startMs + 1;
  if (fromMs === undefined) return null;
  const beforeMs = dueRun(dispatch, atMs, plan)?.startMs ?? atMs + 1;
  const lastMs = startAtOrBefore(dispatch, beforeMs - 1);
  if (lastMs === null || lastMs < fromMs) return null;
  let firstMs = lastMs;
  let count = 0;
  for (const startMs of startsBetween(dispatch, fromMs, beforeMs)) {
    if (count === 0) firstMs = startMs;
    if (count === maxMissedCount) return { run: runFrom(dispatch, lastMs), count, more: true, firstMs, lastMs };
    count += 1;
  }
  return { run: runFrom(dispatch, lastMs), count, more: false, firstMs, lastMs };
}

/**
 * Whether consecutive runs touch or overlap from a run to the one that begins at `startMs`. More than
 * {@link maxMissedCount} of them count as a gap.
 */
export function leadsTo(dispatch: DispatchRecord, run: Run, startMs: number): boolean {
  let { endMs } = run;
  let left = maxMissedCount;
  for (const nextMs of startsBetween(dispatch, run.startMs + 1, startMs + 1)) {
    if ((endMs !== null && nextMs > endMs) || left-- === 0) return false;
    ({ endMs } = runFrom(dispatch, nextMs));
  }
  return true;
}

/** Whether a run is over at a time. */
export function isOver(run: Run, atMs: number): boolean {
  return run.endMs !== null && run.endMs <= atMs;
}

function planFor(dispatch: DispatchRecord, atMs: number, run: Run | null, doneMs: number | null): Plan {
  return { run, doneMs, nextChange: nextChangeAfter(dispatch, atMs, run, doneMs) };
}

function nextChangeAfter(
  dispatch: DispatchRecord,
  atMs: number,
  run: Run | null,
  doneMs: number | null,
): NextChange | null {
  if (!dispatch.active) return null;
  const startMs = startAtOrAfter(dispatch, Math.max(atMs, run?.startMs ?? doneMs ?? atMs) + 1);
  // A start that touches the end of the run takes over: there is no stop in between.
  if (run?.endMs != null && (startMs === null || run.endMs < startMs)) return { atMs: run.endMs, kind: 'stop' };
  return startMs === null ? null : { atMs: startMs, kind: 'start' };
}

/** The run at a time; a zero-length run counts within its grace period unless it is done. */
function presentRun(dispatch: DispatchRecord, atMs: number, doneMs: number | null): Run | null {
  const run = runAt(dispatch, atMs);
  if (run !== null || !dispatch.active || dispatch.durationMs !== 0) return run;
  const startMs = startAtOrBefore(dispatch, atMs);
  if (startMs === null || atMs - startMs > zeroLengthGraceMs) return null;
  return doneMs !== null && startMs <= doneMs ? null : runFrom(dispatch, startMs);
}
