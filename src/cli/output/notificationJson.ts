import { notificationData } from '../../../machines/dispatch/notificationData.js';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { DispatcherOutput, LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import { Dispatch } from '../../dispatch.js';

/** A notification as `follow --json` prints it: plain data that other programs read. */
export type NotificationJson = { readonly notification: string; readonly id: number; readonly type: string } & Readonly<
  Record<string, unknown>
>;

/** Whether an output of a dispatcher is about the creation, update or deletion of a dispatch. */
export function isLifecycleEvent(output: DispatcherOutput): output is LifecycleEvent {
  return output.type.startsWith('lifecycle.');
}

/** A notification as plain data. */
export function notificationJson(output: RunNotification | LifecycleEvent): NotificationJson {
  if (!isLifecycleEvent(output)) return { ...notificationData(output) };
  const { id, type } = output.dispatch;
  const deleted = output.type === 'lifecycle.deleted';
  const dispatch = new Dispatch(output.dispatch, { deleted }).toJSON();
  return { notification: output.type, id, type, atMs: output.atMs, dispatch };
}
