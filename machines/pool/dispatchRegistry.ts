import type { ActorRefFrom } from 'xstate';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { Run } from '../../src/model/schedule.js';
import type { DispatchState, dispatchMachine } from '../dispatch/dispatchMachine.js';

/** A present dispatch, as a dispatcher holds it. */
export interface RegisteredDispatch {
  readonly dispatch: DispatchRecord;
  readonly state: DispatchState;
  /** The announced present run; null: none. */
  readonly run: Run | null;
  /** Time of the last notification of its running state, milliseconds since the epoch; null: never. */
  readonly notifiedMs: number | null;
}

/**
 * The registry of present dispatches: the public view of a pool. Its JSON is only its size.
 *
 * It is one live object. Compare values that you read from it: its numbers, or the `state`, `dispatch` and `run` of an entry.
 */
export interface DispatchRegistry {
  readonly size: number;
  /** Number of running dispatches. */
  readonly runningCount: number;
  /** The entry of a dispatch, a new object on each call; undefined: no such dispatch. */
  get(id: number): RegisteredDispatch | undefined;
  /** The actor of a dispatch, for reading. Only its pool may send it events, because it must know when to wake it. */
  actor(id: number): ActorRefFrom<typeof dispatchMachine> | undefined;
  /** Entries in the order in which the dispatches became known. */
  ids(): IterableIterator<number>;
  /**
   * Entries of the running dispatches, in the same order, evaluated lazily. A restored dispatch is included once it is announced as
   * resumed.
   */
  running(): IterableIterator<RegisteredDispatch>;
}
