import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { Run } from '../../src/model/schedule.js';
import { type DispatchArgs, type DispatchContext, type maxMissedCount, missedRuns } from './dispatchPlan.js';

/** What every notification about the runs of a dispatch carries. `atMs + lateMs` is when it was noticed. */
interface NotificationBase {
  /** The dispatch as it stands; on the stop of one that changes its type, or that was over when it changed, as it stood. */
  readonly dispatch: DispatchRecord;
  /** The run it is about. */
  readonly run: Run;
  /** The instant it is about, milliseconds since the epoch. */
  readonly atMs: number;
  /** How much later it was noticed, in milliseconds; 0 unless the cause is the schedule. */
  readonly lateMs: number;
}

/** A run begins: at its start, or because an update or the first sync found the dispatch inside it. */
export interface RunStarted extends NotificationBase {
  readonly type: 'running.started';
  readonly cause: 'schedule' | 'update' | 'sync';
}

/** Still in a run, and its end, selector, payload or dry run changed. */
export interface RunReconfigured extends NotificationBase {
  readonly type: 'running.reconfigured';
  readonly cause: 'update';
}

/** The run is over, or an update or the deletion ended it. */
export interface RunStopped extends NotificationBase {
  readonly type: 'running.stopped';
  readonly cause: 'schedule' | 'update' | 'delete';
}

/**
 * A dispatcher that was restored from a store or a snapshot is in a run that was announced before. Told once for each restore,
 * so that equipment that lost power together with its program is switched on again.
 */
export interface RunResumed extends NotificationBase {
  readonly type: 'running.resumed';
  readonly cause: 'restore';
}

/** Whole runs passed unnoticed: the clock jumped forward or the machine slept. `run` is the last of them. */
export interface RunMissed extends NotificationBase {
  readonly type: 'run.missed';
  readonly cause: 'schedule';
  /** How many, counted exactly up to {@link maxMissedCount}. */
  readonly count: number;
  /** Whether there were more than `count`. */
  readonly more: boolean;
  /** Start of the first, milliseconds since the epoch. */
  readonly firstMs: number;
  /** Start of the last, milliseconds since the epoch. */
  readonly lastMs: number;
}

/** What a dispatch machine emits. */
export type RunNotification = RunStarted | RunResumed | RunReconfigured | RunStopped | RunMissed;

/** What a run that begins is announced with. */
export function startedNotification({ context }: { context: DispatchContext }): RunStarted {
  const { dispatch, cause, atMs } = context;
  const run = presentRun(context);
  if (cause !== 'schedule') return { type: 'running.started', dispatch, run, cause, atMs, lateMs: 0 };
  return { type: 'running.started', dispatch, run, cause, atMs: run.startMs, lateMs: atMs - run.startMs };
}

/** What a run that goes on after a restore is announced with. */
export function resumedNotification({ context, event: { atMs } }: DispatchArgs): RunResumed {
  return {
    type: 'running.resumed',
    dispatch: context.dispatch,
    run: presentRun(context),
    cause: 'restore',
    atMs,
    lateMs: 0,
  };
}

/** What a run that changed is announced with. */
export function reconfiguredNotification({ context }: { context: DispatchContext }): RunReconfigured {
  const { dispatch, atMs } = context;
  return { type: 'running.reconfigured', dispatch, run: presentRun(context), cause: 'update', atMs, lateMs: 0 };
}

/**
 * What a run that ends is announced with. Read before the transition's own actions: the context is the one of the run,
 * beside the event that ends it.
 */
export function stoppedNotification({ context, event }: DispatchArgs): RunStopped {
  const { dispatch } = context;
  const run = presentRun(context);
  // The machine may have begun inside a zero-length run, without an event of its own.
  const atMs = event.atMs ?? context.atMs;
  const stopped = { type: 'running.stopped', dispatch, run, cause: 'schedule', atMs, lateMs: 0 } as const;
  if (run.endMs !== null && run.endMs <= atMs) return { ...stopped, atMs: run.endMs, lateMs: atMs - run.endMs };
  if (event.type === 'dispatch.deleted') return { ...stopped, dispatch: event.dispatch ?? dispatch, cause: 'delete' };
  if (event.type !== 'dispatch.updated') return stopped;
  return { ...stopped, dispatch: event.dispatch.type === dispatch.type ? event.dispatch : dispatch, cause: 'update' };
}

/** What runs that passed unnoticed are announced with, null when there are none. */
export function missedNotification({ context, event: { atMs } }: DispatchArgs): RunMissed | null {
  const missed = missedRuns(context.dispatch, atMs, context);
  if (missed === null) return null;
  const { dispatch } = context;
  return {
    type: 'run.missed',
    dispatch,
    cause: 'schedule',
    ...missed,
    atMs: missed.firstMs,
    lateMs: atMs - missed.firstMs,
  };
}

function presentRun({ run }: DispatchContext): Run {
  if (run === null) throw new Error('a dispatch machine that is not in a run has none to announce');
  return run;
}
