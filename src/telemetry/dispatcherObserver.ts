import type { DispatchRegistry } from '../../machines/pool/dispatchRegistry.js';
import type { DispatcherOutput, SyncStatus } from '../../machines/protocol/dispatcherOutput.js';
import type { DispatchErrorCode } from '../model/dispatchError.js';

/** What can be read of a dispatcher at any time, from its start until its end. */
export interface ObservedDispatcher {
  readonly microgridId: number;
  /** Counts its dispatches, and those of them that run. */
  readonly registry: Pick<DispatchRegistry, 'size' | 'runningCount'>;
  status(): Pick<SyncStatus<string>, 'state' | 'lastContactMs'>;
  /** Its wall-clock time, in milliseconds since the epoch. */
  nowMs(): number;
}

/** A receiver that is read too slowly. */
export interface SlowReceiver {
  /** Name of its source. */
  readonly channel: string;
  /** Its own name. */
  readonly receiver: string;
  readonly limit: number;
}

/** Receives what one dispatcher does, to measure it. What it throws is a problem, and does not disturb the dispatcher. */
export interface DispatcherObserver {
  /** Takes an output of the machine, before any consumer does. */
  take(output: DispatcherOutput): void;
  /** A problem was reported. */
  problem(code: DispatchErrorCode): void;
  /** An item of a receiver was merged with a later one, because the receiver was read too slowly. */
  coalesced(slow: SlowReceiver): void;
  /** A managed actor was started again after it had failed or ended, for a dispatch of this type. */
  restarted(type: string): void;
  /** The dispatcher begins to stop: it must not be read any more. Only problems may still be told. */
  end(): void;
}

/** Begins to observe a dispatcher that is about to run; undefined: nobody is interested. */
export type ObserveDispatcher = (dispatcher: ObservedDispatcher) => DispatcherObserver | undefined;
