import type { DispatchError, DispatchErrorJson } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { RunNotification } from '../dispatch/runNotification.js';

/** The states of `dispatcherMachine`. */
export type SyncState = 'starting' | 'connecting' | 'catchingUp' | 'live' | 'waiting' | 'stopping' | 'stopped';

/** Connection of a dispatcher to its service; JSON-safe. */
export interface SyncStatus<TState extends string = SyncState> {
  readonly state: TState;
  /** When data of the service arrived last, milliseconds since the epoch; null: never. */
  readonly lastContactMs: number | null;
  /** When the next attempt to connect is due, milliseconds since the epoch; null unless the state is `waiting`. */
  readonly retryAtMs: number | null;
  /** The last problem of the connection, or the one that stopped the dispatcher; null when there is none, and when live. */
  readonly problem: DispatchErrorJson | null;
}

/** A dispatch came to be, changed or is gone; sent before the notifications about its runs. */
export interface LifecycleEvent {
  readonly type: 'lifecycle.created' | 'lifecycle.updated' | 'lifecycle.deleted';
  readonly dispatch: DispatchRecord;
  /** When it was noticed, milliseconds since the epoch. */
  readonly atMs: number;
  /** When its running state was notified last, milliseconds since the epoch; null when it never was. */
  readonly notifiedMs: number | null;
}

/** Something went wrong that the dispatcher survives. */
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

/** The dispatcher carries on where an earlier one was: the dispatches of its snapshot or its store are there again. */
export interface RestoredEvent {
  readonly type: 'dispatcher.restored';
  readonly microgridId: number;
  /** How many. What they had announced is not repeated. */
  readonly count: number;
}

/** What a dispatcher machine emits, and sends to the machine that invoked it. */
export type DispatcherOutput = RunNotification | LifecycleEvent | ProblemEvent | SyncStatusEvent | RestoredEvent;
