import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { RunNotification } from '../dispatch/runNotification.js';

/** Where a dispatcher stands with its service: the states of `dispatcherMachine`. */
export type SyncStatus = 'starting' | 'connecting' | 'catchingUp' | 'live' | 'waiting' | 'stopped';

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

/** The dispatcher's standing with its service changed. */
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
