import type { Run } from '../../src/model/schedule.js';
import type { DispatchArgs, DispatchContext } from './dispatchContext.js';
import { missedRuns } from './dispatchPlan.js';
import type { RunMissed, RunReconfigured, RunStarted, RunStopped } from './notification.js';

/** What a run that begins is announced with. */
export function startedNotification({ context }: { context: DispatchContext }): RunStarted {
  const { dispatch, cause, atMs } = context;
  const run = presentRun(context);
  if (cause !== 'schedule') return { type: 'running.started', dispatch, run, cause, atMs, lateMs: 0 };
  return { type: 'running.started', dispatch, run, cause, atMs: run.startMs, lateMs: atMs - run.startMs };
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
