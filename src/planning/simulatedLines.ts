import { type NotificationData, notificationData } from '../../machines/dispatch/notificationData.js';
import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import type { MergedChange } from '../../machines/manage/decision.js';
import { Merger } from '../../machines/manage/merger.js';
import type { MergeStrategy } from '../../machines/manage/mergeStrategy.js';

/** A notification of a simulation; with merging, what a consumer of merged dispatches gets. */
export interface SimulatedNotification extends Omit<NotificationData, 'cause'> {
  readonly cause: NotificationData['cause'] | 'handover';
  /** What is treated as one; absent without merging. */
  readonly identity?: string;
}

/** Merges notifications as a receiver with this strategy does. */
export function* mergedNotifications(
  notifications: Iterable<RunNotification>,
  strategy: MergeStrategy,
): Generator<SimulatedNotification> {
  const merger = new Merger({
    type: '*',
    strategy,
    records: () => [],
    onFailure: cause => {
      throw cause;
    },
  });
  for (const notification of notifications) {
    // At a first sync no run is missed.
    if (notification.type === 'run.missed') continue;
    for (const change of merger.take(notification)) yield mergedData(change);
  }
}

function mergedData({ identity, kind, dispatch, run, cause, atMs, lateMs }: MergedChange): SimulatedNotification {
  // Its data, but for the cause, is that of a notification.
  const news = { type: `running.${kind}`, dispatch, run, cause, atMs, lateMs } as RunNotification;
  return { ...notificationData(news), identity };
}
