import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { DispatcherOutput, LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import { Dispatch } from '../../dispatch.js';

/** A notification as `follow --json` prints it: plain data that other programs read. */
export type NotificationJson = { readonly notification: string; readonly id: number; readonly type: string } & Readonly<
  Record<string, unknown>
>;

/** Whether an output of a dispatcher is about the runs of a dispatch. */
export function isRunNotification(output: DispatcherOutput): output is RunNotification {
  return output.type.startsWith('running.') || output.type === 'run.missed';
}

/** Whether an output of a dispatcher is about the creation, update or deletion of a dispatch. */
export function isLifecycleEvent(output: DispatcherOutput): output is LifecycleEvent {
  return output.type.startsWith('lifecycle.');
}

/** A notification as plain data. */
export function notificationJson(output: RunNotification | LifecycleEvent): NotificationJson {
  const { id, type, selector, payload, dryRun } = output.dispatch;
  const common = { notification: output.type, id, type, atMs: output.atMs };
  if (isLifecycleEvent(output)) {
    const deleted = output.type === 'lifecycle.deleted';
    return { ...common, dispatch: new Dispatch(output.dispatch, { deleted }).toJSON() };
  }
  const { startMs, endMs } = output.run;
  const run = { startMs, endMs };
  const about = { ...common, lateMs: output.lateMs, cause: output.cause, run, selector, payload, dryRun };
  if (output.type !== 'run.missed') return about;
  const { count, more, firstMs, lastMs } = output;
  return { ...about, count, more, firstMs, lastMs };
}
