import type { RunMissed, RunningNotification } from '../../machines/dispatch/runNotification.js';
import { changeKinds, type MergedChange, type Order } from '../../machines/manage/decision.js';
import type { RegisteredDispatch } from '../../machines/pool/dispatchRegistry.js';
import type { LifecycleEvent } from '../../machines/protocol/dispatcherOutput.js';
import { Dispatch, type DispatchEvent, type RunningStateChange } from '../dispatch.js';

/** Whole runs of a dispatch that passed unnoticed, because the clock jumped forward or the computer slept. */
export interface MissedRuns {
  readonly dispatch: Dispatch;
  /** Number of runs, counted exactly up to 1,000. */
  readonly count: number;
  /** Whether there were more than `count`. */
  readonly more: boolean;
  /** Start of the first run. */
  readonly first: Date;
  /** Start of the last run. */
  readonly last: Date;
}

type NowMs = () => number;

/**
 * A notification of a machine as a running-state channel delivers it: a dispatch with its `change`.
 *
 * @param heldMs when the running state of the dispatch was notified last; a run that is resumed leaves that as it is.
 */
export function toRunningChange(
  notification: RunningNotification,
  nowMs: NowMs,
  heldMs: number | null = null,
): Dispatch {
  const { dispatch, type, run, cause, atMs, lateMs } = notification;
  const change: RunningStateChange = { kind: changeKinds[type], run, cause, atMs, lateMs };
  const notifiedMs = type === 'running.resumed' ? heldMs : atMs + lateMs;
  return new Dispatch(dispatch, { nowMs, change, notifiedMs, deleted: cause === 'delete' });
}

/**
 * A change of merged dispatches as a receiver delivers it.
 *
 * @param news The notification that caused it, as {@link toRunningChange} makes it: often it is delivered as it is.
 * @param heldMs when the running state of the dispatch was notified last.
 */
export function toMergedDispatch(
  { dispatch, run, kind, cause, atMs, lateMs }: MergedChange,
  news: Dispatch,
  options: { readonly nowMs: NowMs; readonly heldMs: number | null },
): Dispatch {
  if (dispatch === news.record && kind === news.change?.kind && cause === news.change.cause) return news;
  const { nowMs, heldMs } = options;
  const isAboutNews = dispatch.id === news.id;
  return new Dispatch(dispatch, {
    nowMs,
    change: { kind, run, cause, atMs, lateMs },
    notifiedMs: isAboutNews ? atMs + lateMs : heldMs,
    deleted: isAboutNews && cause === 'delete',
  });
}

/** A machine's notification of missed runs as listeners get it. */
export function toMissedRuns(notification: RunMissed, nowMs: NowMs): MissedRuns {
  const { dispatch, count, more, firstMs, lastMs } = notification;
  return { dispatch: new Dispatch(dispatch, { nowMs }), count, more, first: new Date(firstMs), last: new Date(lastMs) };
}

/** A lifecycle event of the pool as the lifecycle channel delivers it. */
export function toDispatchEvent(event: LifecycleEvent, nowMs: NowMs): DispatchEvent {
  const type =
    event.type === 'lifecycle.created' ? 'created' : event.type === 'lifecycle.updated' ? 'updated' : 'deleted';
  return {
    type,
    dispatch: new Dispatch(event.dispatch, { nowMs, notifiedMs: event.notifiedMs, deleted: type === 'deleted' }),
  };
}

/** A dispatch of the present set. */
export function toDispatch({ dispatch, notifiedMs }: RegisteredDispatch, nowMs: NowMs): Dispatch {
  return new Dispatch(dispatch, { nowMs, notifiedMs });
}

/**
 * A dispatch that runs, as a new receiver gets it.
 *
 * @param told The last notification about it: what was last told after a restore is replayed as restored.
 */
export function toReplay(
  { dispatch, run }: Order,
  told: RunningNotification | undefined,
  { nowMs, heldMs }: { readonly nowMs: NowMs; readonly heldMs: number | null },
): Dispatch {
  const cause = told?.cause === 'restore' ? 'restore' : 'sync';
  const change: RunningStateChange = { kind: 'started', run, cause, atMs: nowMs(), lateMs: 0 };
  return new Dispatch(dispatch, { nowMs, change, notifiedMs: heldMs });
}
