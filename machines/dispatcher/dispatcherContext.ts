import { DispatchError, type DispatchErrorJson } from '../../src/model/dispatchError.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import type { PoolOutput, RestoreEvent, SourceEvent, StoreEvent, SyncEvent, TimerEvent } from '../protocol/messages.js';

/** Input of a dispatcher machine. */
export interface DispatcherInput {
  readonly microgridId: number;
}

/** Context of a dispatcher machine; JSON-safe. It contains no dispatches: these are in the pool. */
export interface DispatcherContext {
  readonly microgridId: number;
  /** Number of consecutive connections that were lost before they were healthy. */
  readonly lostCount: number;
  /** When the first of these, or the healthy one before them, was lost, milliseconds since the epoch; null: none was. */
  readonly firstLossMs: number | null;
  /** Number of attempts since it was live that came sooner because the service was connected anew. */
  readonly hasteCount: number;
  /** When it became live, milliseconds since the epoch; null: it is not live. */
  readonly liveSinceMs: number | null;
  /** When data last arrived from the service, milliseconds since the epoch; null: never. */
  readonly lastContactMs: number | null;
  /** When the next attempt to connect is due, milliseconds since the epoch; null: it does not wait for one. */
  readonly retryAtMs: number | null;
  /** The last problem of the connection, or the one that stopped the dispatcher; null when live. */
  readonly problem: DispatchErrorJson | null;
  /** Whether the service is listed at intervals, because it has no stream. */
  readonly polling: boolean;
  /** Position in the change log of the service up to which the dispatches are in sync; null: unknown. */
  readonly position: string | null;
  /** How far the clock of the service is ahead of this one, in milliseconds; null: unknown. */
  readonly clockOffsetMs: number | null;
}

/** Stops a dispatcher machine: it stops its actors, saves, and ends. */
export interface DispatcherStop {
  readonly type: 'dispatcher.stop';
}

/** Events to a dispatcher machine: from its own actors, and `dispatcher.stop` from the program. */
export type DispatcherMachineEvent =
  | RestoreEvent
  | SyncEvent
  | SourceEvent
  | TimerEvent
  | PoolOutput
  | StoreEvent
  | ProblemEvent
  | DispatcherStop
  /** Sent by the machine to itself when one of its actors failed and all others are stopped. */
  | { readonly type: 'dispatcher.failed'; readonly error: DispatchError }
  | { readonly type: `xstate.error.actor.${string}`; readonly error: unknown };

/** Arguments of the actions and guards of a dispatcher machine. */
export interface DispatcherArgs {
  readonly context: DispatcherContext;
  readonly event: DispatcherMachineEvent;
}

/** Context of a dispatcher that starts from nothing. Throws a DispatchError `INVALID_ARGUMENT` when the microgrid id is invalid. */
export function initialContext({ input }: { input: DispatcherInput }): DispatcherContext {
  return freshContext(checkedMicrogrid(input));
}

/** Context of a dispatcher of a microgrid that has not connected yet. */
export function freshContext(microgridId: number): DispatcherContext {
  return {
    microgridId,
    lostCount: 0,
    firstLossMs: null,
    hasteCount: 0,
    liveSinceMs: null,
    lastContactMs: null,
    retryAtMs: null,
    problem: null,
    polling: false,
    position: null,
    clockOffsetMs: null,
  };
}

function checkedMicrogrid(input: Partial<DispatcherInput> | undefined): number {
  const { microgridId } = input ?? {};
  if (typeof microgridId === 'number' && Number.isSafeInteger(microgridId) && microgridId >= 0) return microgridId;
  const message = `input.microgridId must be an integer from 0 to 2^53-1, not ${String(microgridId)}`;
  throw new DispatchError('INVALID_ARGUMENT', message, { field: 'input.microgridId' });
}
