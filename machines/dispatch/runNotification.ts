import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { Run } from '../../src/model/schedule.js';
import { type DispatchArgs, type DispatchContext, type maxMissedCount, missedRuns } from './dispatchPlan.js';

/** Fields of every notification of a run. It was noticed at `atMs + lateMs`. */
interface NotificationBase {
  /** The present record; for a stop by a change of type, or of a run that was over before the change, the previous record. */
  readonly dispatch: DispatchRecord;
  /** The run that it is about. */
  readonly run: Run;
  /** Time that it is about, milliseconds since the epoch. */
  readonly atMs: number;
  /** Delay until it was noticed, in milliseconds; 0 unless the cause is the schedule. */
  readonly lateMs: number;
}

/** A run began: at its start, or because an update or the first sync found the dispatch inside it. */
export interface RunStarted extends NotificationBase {
  readonly type: 'running.started';
  readonly cause: 'schedule' | 'update' | 'sync';
}

/** The start or end of the run, or the selector, payload or dry run of a running dispatch changed. */
export interface RunReconfigured extends NotificationBase {
  readonly type: 'running.reconfigured';
  readonly cause: 'update';
}

/** A run ended on schedule, by an update or by the deletion. */
export interface RunStopped extends NotificationBase {
  readonly type: 'running.stopped';
  readonly cause: 'schedule' | 'update' | 'delete';
}

/**
 * A restored dispatch is still in a run that was announced before. Sent once per restore, so that equipment that lost power together
 * with its program is switched on again.
 */
export interface RunResumed extends NotificationBase {
  readonly type: 'running.resumed';
  readonly cause: 'restore';
}

/** Whole runs passed unnoticed, because the clock jumped forward or the computer slept. `run` is the last of them. */
export interface RunMissed extends NotificationBase {
  readonly type: 'run.missed';
  readonly cause: 'schedule';
  /** Number of missed runs, at most {@link maxMissedCount}. */
  readonly count: number;
  /** Whether there were more than `count`. */
  readonly more: boolean;
  /** Start of the first, milliseconds since the epoch. */
  readonly firstMs: number;
  /** Start of the last, milliseconds since the epoch. */
  readonly lastMs: number;
}

/** The `running.*` events: a run started, goes on after a restore, changed or stopped. */
export type RunningNotification = RunStarted | RunResumed | RunReconfigured | RunStopped;

const runningTypes: ReadonlySet<unknown> = new Set<RunningNotification['type']>([
  'running.started',
  'running.resumed',
  'running.reconfigured',
  'running.stopped',
]);

/** Events that a dispatch machine emits. */
export type RunNotification = RunningNotification | RunMissed;

/** Whether an event, which anybody may have sent, is a notification of a running state. */
export function isRunningNotification(event: object): event is RunningNotification {
  const { type, dispatch, run, atMs, lateMs } = event as Partial<Record<keyof RunningNotification, unknown>>;
  const hasNumbers = (value: unknown, ...fields: string[]) =>
    typeof value === 'object' &&
    value !== null &&
    fields.every(field => typeof (value as Record<string, unknown>)[field] === 'number');
  return (
    runningTypes.has(type) &&
    typeof atMs === 'number' &&
    typeof lateMs === 'number' &&
    hasNumbers(run, 'startMs') &&
    hasNumbers(dispatch, 'id', 'microgridId')
  );
}

/** The notification of a run that begins. */
export function startedNotification({ context }: { context: DispatchContext }): RunStarted {
  const { dispatch, cause, atMs } = context;
  const run = presentRun(context);
  if (cause !== 'schedule') return { type: 'running.started', dispatch, run, cause, atMs, lateMs: 0 };
  return { type: 'running.started', dispatch, run, cause, atMs: run.startMs, lateMs: atMs - run.startMs };
}

/** The notification of a run that continues after a restore. */
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

/** The notification of a run that changed. */
export function reconfiguredNotification({ context }: { context: DispatchContext }): RunReconfigured {
  const { dispatch, atMs } = context;
  return { type: 'running.reconfigured', dispatch, run: presentRun(context), cause: 'update', atMs, lateMs: 0 };
}

/**
 * The notification of a run that ends. Evaluated before the actions of the transition, so the context is still that of the run,
 * while the event is the one that ends it.
 */
export function stoppedNotification({ context, event }: DispatchArgs): RunStopped {
  const { dispatch } = context;
  const run = presentRun(context);
  // The machine may have started inside a zero-length run, without an event.
  const atMs = event.atMs ?? context.atMs;
  const stopped = { type: 'running.stopped', dispatch, run, cause: 'schedule', atMs, lateMs: 0 } as const;
  if (run.endMs !== null && run.endMs <= atMs) return { ...stopped, atMs: run.endMs, lateMs: atMs - run.endMs };
  if (event.type === 'dispatch.deleted') return { ...stopped, dispatch: event.dispatch ?? dispatch, cause: 'delete' };
  if (event.type !== 'dispatch.updated') return stopped;
  return { ...stopped, dispatch: event.dispatch.type === dispatch.type ? event.dispatch : dispatch, cause: 'update' };
}

/** The notification of runs that passed unnoticed; null: none. */
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
  if (run === null) throw new Error('a dispatch machine outside a run has none to announce');
  return run;
}
