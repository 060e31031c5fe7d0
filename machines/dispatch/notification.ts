import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { Run } from '../../src/model/schedule.js';

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
export type RunNotification = RunStarted | RunReconfigured | RunStopped | RunMissed;

/** Missed runs are counted exactly up to this many. */
export const maxMissedCount = 1_000;
