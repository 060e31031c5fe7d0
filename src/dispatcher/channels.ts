import type { Dispatch, DispatchEvent } from '../dispatch.js';
import type { Coalescing } from './coalescingQueue.js';
import type { ReceiverOptions } from './receiver.js';

/** Options of a receiver of running-state changes. */
export interface RunningStatusOptions extends ReceiverOptions {
  /** Whether the receiver also gets the stops that came by reaching the scheduled end. @default false */
  readonly includeScheduledEnd?: boolean | undefined;
}

/** Whether a running-state change is a stop that came by reaching the scheduled end of its run. */
export function isScheduledEnd({ change }: Dispatch): boolean {
  return change?.kind === 'stopped' && change.cause === 'schedule' && change.atMs === change.run.endMs;
}

/** Keeps the newest running-state change of each dispatch and type: a change of type is a stop of one and a start of the other. */
export const newestDispatch: Coalescing<Dispatch> = {
  keyOf: dispatch => `${dispatch.id} ${dispatch.type}`,
  merge: (_, next) => next,
};

/** Merges lifecycle events of a dispatch into their net effect. Another dispatch may have its id later. */
export const netLifecycle: Coalescing<DispatchEvent> = {
  keyOf: ({ dispatch }) => `${dispatch.id} ${dispatch.record.createTime}`,
  merge: (held, next) => {
    if (held.type !== 'created') return next;
    return next.type === 'deleted' ? null : { type: 'created', dispatch: next.dispatch };
  },
};
