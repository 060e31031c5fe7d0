import type { Dispatch, DispatchEvent } from '../dispatch.js';
import type { Coalescing } from './coalescingQueue.js';
import type { ReceiverOptions } from './receiver.js';

/** Options of a receiver of running-state changes. */
export interface RunningStatusOptions extends ReceiverOptions {
  /** Whether it also gets the stops that came by reaching the scheduled end. @default false */
  readonly includeScheduledEnd?: boolean;
}

/** Whether a running-state change is a stop that came by reaching the scheduled end of its run. */
export function isScheduledEnd({ change }: Dispatch): boolean {
  return change?.kind === 'stopped' && change.cause === 'schedule' && change.atMs === change.run.endMs;
}

/** Of several running-state changes of a dispatch, the newest counts; for each of its types, since a change is a stop of one and a start of the other. */
export const newestDispatch: Coalescing<Dispatch> = {
  keyOf: dispatch => `${dispatch.id} ${dispatch.type}`,
  merge: (_, next) => next,
};

/** Several lifecycle events of a dispatch come to what they amount to. */
export const netLifecycle: Coalescing<DispatchEvent> = {
  keyOf: event => event.dispatch.id,
  merge: (held, next) => {
    if (held.type !== 'created') return next;
    return next.type === 'deleted' ? null : { type: 'created', dispatch: next.dispatch };
  },
};
