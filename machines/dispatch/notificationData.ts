import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { Run } from '../../src/model/schedule.js';
import type { RunMissed, RunNotification } from './runNotification.js';

/** A {@link RunNotification} as plain data, for other programs and for files: with what the dispatch is to do, without the rest of its record. */
export interface NotificationData
  extends Pick<DispatchRecord, 'id' | 'type' | 'selector' | 'payload' | 'dryRun'>,
    Partial<Pick<RunMissed, 'count' | 'more' | 'firstMs' | 'lastMs'>> {
  readonly notification: RunNotification['type'];
  /** Time that it is about, milliseconds since the epoch. */
  readonly atMs: number;
  /** Delay until it was noticed, in milliseconds. */
  readonly lateMs: number;
  readonly cause: RunNotification['cause'];
  /** The run as planned: its start and end. */
  readonly run: Run;
}

/** Converts a notification to plain data. */
export function notificationData(notification: RunNotification): NotificationData {
  const { type, dispatch, run, atMs, lateMs, cause } = notification;
  const { id, type: dispatchType, selector, payload, dryRun } = dispatch;
  const data: NotificationData = {
    notification: type,
    id,
    type: dispatchType,
    atMs,
    lateMs,
    cause,
    run: { startMs: run.startMs, endMs: run.endMs },
    selector,
    payload,
    dryRun,
  };
  if (type !== 'run.missed') return data;
  const { count, more, firstMs, lastMs } = notification;
  return { ...data, count, more, firstMs, lastMs };
}
