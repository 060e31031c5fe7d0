import type { ActorRefFrom } from 'xstate';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { Run } from '../../src/model/schedule.js';
import type { DispatchState, dispatchMachine } from '../dispatch/dispatchMachine.js';

/** A dispatch of the present set, as a dispatcher holds it. */
export interface RegisteredDispatch {
  readonly dispatch: DispatchRecord;
  readonly state: DispatchState;
  /** The run it is in, as far as it was announced; null when in none. */
  readonly run: Run | null;
  /** When its running state was notified last, milliseconds since the epoch; null when it never was. */
  readonly notifiedMs: number | null;
}

/**
 * The present set of dispatches: what a pool lets others see. As JSON it is its size only.
 *
 * It is one live object. Compare what you read from it: its numbers, or the `state`, `dispatch` and `run` of an entry.
 */
export interface DispatchRegistry {
  readonly size: number;
  /** How many of them run. */
  readonly runningCount: number;
  /** The entry of a dispatch, made anew with each call. */
  get(id: number): RegisteredDispatch | undefined;
  /** The actor of a dispatch, to look at. Send it nothing: only its pool may, which then knows when to wake it. */
  actor(id: number): ActorRefFrom<typeof dispatchMachine> | undefined;
  /** In the order in which they came to be known. */
  ids(): IterableIterator<number>;
  /**
   * The entries of those that run, in the same order; each is looked at when its turn comes. One that was restored is among
   * them once it is announced as resumed.
   */
  running(): IterableIterator<RegisteredDispatch>;
}
