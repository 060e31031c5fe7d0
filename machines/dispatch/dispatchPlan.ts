import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { type Run, runAt, runFrom, startAtOrAfter, startAtOrBefore, startsBetween } from '../../src/model/schedule.js';

/** When a dispatch wants to be woken, and for what. */
export interface NextChange {
  /** Milliseconds since the epoch; later than the instant it was planned at. */
  readonly atMs: number;
  readonly kind: 'start' | 'stop';
}

/** Where a dispatch stands at an instant. */
export interface Plan {
  /** The run it is in, null when in none. */
  readonly run: Run | null;
  /** The start of the run before it that was announced last; time announces none up to it again. Null: none was. */
  readonly doneMs: number | null;
  readonly nextChange: NextChange | null;
}

/** What a dispatch machine starts from. */
export interface DispatchInput {
  readonly dispatch: DispatchRecord;
  /** The present instant, milliseconds since the epoch. */
  readonly atMs: number;
  /** What brought the dispatch: the first sync, or a change since. @default 'sync' */
  readonly cause?: 'sync' | 'update';
}

/** What a dispatch machine remembers; JSON-safe. */
export interface DispatchContext extends Plan {
  readonly dispatch: DispatchRecord;
  /** The instant of the last event that mattered, milliseconds since the epoch. */
  readonly atMs: number;
  /** What that event was: the cause of a run that began with it. */
  readonly cause: 'schedule' | 'update' | 'sync';
}

/** What a dispatch machine is told; `atMs` is the present instant, milliseconds since the epoch. */
export type DispatchMachineEvent =
  | { readonly type: 'timer.due'; readonly atMs: number }
  /** The machine was restored in the state `running`: a run that goes on at `atMs` is announced as resumed. */
  | { readonly type: 'dispatch.restored'; readonly atMs: number }
  | { readonly type: 'dispatch.updated'; readonly atMs: number; readonly dispatch: DispatchRecord }
  | { readonly type: 'dispatch.deleted'; readonly atMs: number; readonly dispatch?: DispatchRecord };

/** What the actions and guards of a dispatch machine are given. */
export interface DispatchArgs {
  readonly context: DispatchContext;
  readonly event: DispatchMachineEvent;
}

/** Maximum number of missed runs that are counted exactly. */
export const maxMissedCount = 1_000;

/** A zero-length run that is noticed this late at most still starts and stops; later it was missed. */
const zeroLengthGraceMs = 1_000;

/**
 * The plan that follows from the dispatch alone, whatever was announced: at first, and after an update. Only a
 * zero-length run that was announced does not begin again.
 */
export function planAfresh(dispatch: DispatchRecord, atMs: number, before: Plan | null): Plan {
  const lastMs = [before?.run?.startMs, before?.doneMs].find(ms => ms != null && ms <= atMs) ?? null;
  const run = presentRun(dispatch, atMs, lastMs);
  return planFor(dispatch, atMs, run, before && doneBefore(before, run?.startMs ?? atMs + 1));
}

/** The start before an instant that was announced last. Where only a later one is known, all before counts as done. */
function doneBefore({ run, doneMs }: Plan, ms: number): number | null {
  if (run !== null && run.startMs < ms) return run.startMs;
  return doneMs === null ? null : Math.min(doneMs, ms - 1);
}

/** The plan when time has come to a start or a stop: only a run that was not announced begins. */
export function planByTimer(dispatch: DispatchRecord, atMs: number, before: Plan): Plan {
  return planFor(dispatch, atMs, dueRun(dispatch, atMs, before), announcedMs(before));
}

/** The plan outside any run, with the starts up to `doneMs` done. */
export function planIdle(dispatch: DispatchRecord, atMs: number, doneMs: number | null): Plan {
  return planFor(dispatch, atMs, null, doneMs);
}

/** The start that was announced last, null when none was. */
export function announcedMs({ run, doneMs }: Plan): number | null {
  return run?.startMs ?? doneMs;
}

/** The run that time brings to a dispatch: one that contains the instant and was not announced. */
export function dueRun(dispatch: DispatchRecord, atMs: number, before: Plan): Run | null {
  const doneMs = announcedMs(before);
  const run = presentRun(dispatch, atMs, doneMs);
  return run !== null && (doneMs === null || run.startMs > doneMs) ? run : null;
}

/**
 * The runs that passed whole since the last look, when time has come to `atMs`. Null: none. Counted exactly
 * up to {@link maxMissedCount}.
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
 * Whether runs touch or overlap one another all the way from a run to the one that begins at `startMs`. More than
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

/** Whether a run is over at an instant. */
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

/** The run at an instant, counting a zero-length one within its grace unless it is done. */
function presentRun(dispatch: DispatchRecord, atMs: number, doneMs: number | null): Run | null {
  const run = runAt(dispatch, atMs);
  if (run !== null || !dispatch.active || dispatch.durationMs !== 0) return run;
  const startMs = startAtOrBefore(dispatch, atMs);
  if (startMs === null || atMs - startMs > zeroLengthGraceMs) return null;
  return doneMs !== null && startMs <= doneMs ? null : runFrom(dispatch, startMs);
}
