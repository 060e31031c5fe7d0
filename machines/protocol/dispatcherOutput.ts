import type { DispatchError, DispatchErrorJson } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { RunNotification } from '../dispatch/runNotification.js';

/** The states of `dispatcherMachine`. */
export type SyncState = 'starting' | 'connecting' | 'catchingUp' | 'live' | 'waiting' | 'stopping' | 'stopped';

/** Status of the connection of a dispatcher to its service; JSON-safe. */
export interface SyncStatus<TState extends string = SyncState> {
  readonly state: TState;
  /** Whether the service is listed at intervals, because it has no stream. */
  readonly polling: boolean;
  /** When data last arrived from the service, milliseconds since the epoch; null: never. */
  readonly lastContactMs: number | null;
  /** When the next attempt to connect is due, milliseconds since the epoch; null unless the state is `waiting`. */
  readonly retryAtMs: number | null;
  /** The last problem of the connection, or the one that stopped the dispatcher; null when there is none, and when live. */
  readonly problem: DispatchErrorJson | null;
  /** Position in the change log of the service up to which the dispatches are in sync; null: the service names none. */
  readonly position: string | null;
  /** How far the clock of the service is ahead of this one, in milliseconds, as of the last connection; null: unknown. */
  readonly clockOffsetMs: number | null;
}

/** A dispatch was created, updated or deleted; sent before the notifications of its runs. */
export interface LifecycleEvent {
  readonly type: 'lifecycle.created' | 'lifecycle.updated' | 'lifecycle.deleted';
  readonly dispatch: DispatchRecord;
  /** When it was noticed, milliseconds since the epoch. */
  readonly atMs: number;
  /** Time of the last notification of its running state, milliseconds since the epoch; null: never. */
  readonly notifiedMs: number | null;
}

/** A problem that the dispatcher survives. */
export interface ProblemEvent {
  readonly type: 'dispatcher.problem';
  readonly microgridId: number;
  readonly problem: DispatchError;
}

/** The state of the connection to the service changed. */
export interface SyncStatusEvent {
  readonly type: 'dispatcher.sync';
  readonly microgridId: number;
  readonly status: SyncStatus;
}

/** The dispatches of a snapshot or a store were restored. */
export interface RestoredEvent {
  readonly type: 'dispatcher.restored';
  readonly microgridId: number;
  /** Number of restored dispatches. Notifications sent before are not repeated. */
  readonly count: number;
}

/** Events that a dispatcher machine emits and sends to the machine that invoked it. */
export type DispatcherOutput = RunNotification | LifecycleEvent | ProblemEvent | SyncStatusEvent | RestoredEvent;

/** Whether an output of a dispatcher is about the runs of a dispatch. */
export function isRunNotification(output: DispatcherOutput): output is RunNotification {
  return 'run' in output;
}
