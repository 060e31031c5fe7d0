import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';

/** One page of a list. */
export interface DispatchPage {
  readonly dispatches: readonly DispatchRecord[];
  /** One problem per dispatch that could not be decoded. */
  readonly problems: readonly DispatchError[];
}

/** One event of a stream. */
export type DispatchChange = {
  /** Position in the change log of the service after it, to resume a stream from; absent: unknown. */
  readonly position?: string | undefined;
} & (
  | { readonly kind: 'created' | 'updated' | 'deleted'; readonly dispatch: DispatchRecord }
  | {
      /** The event cannot be decoded. */
      readonly kind: 'problem';
      readonly problem: DispatchError;
      /** Id of the deleted dispatch, if the event is a deletion. */
      readonly deletedId?: number;
    }
);

/** What is known of a stream when it opens. */
export interface StreamStart {
  /** Whether the service has no stream, so that it is listed at intervals instead. @default false */
  readonly polling?: boolean | undefined;
  /** Position in the change log of the service from which the stream has every change; absent: unknown. */
  readonly position?: string | undefined;
  /**
   * Whether the stream goes on after the position that was asked for: number of changes that it makes up for before those that are
   * new. Absent: it does not, so that all dispatches must be listed.
   */
  readonly backlog?: number | undefined;
  /** How far the clock of the service is ahead of this one, in milliseconds, and by how much that may be wrong. Absent: unknown. */
  readonly clockOffset?: { readonly offsetMs: number; readonly toleranceMs: number } | undefined;
}

/** An open stream of changes. Its iteration throws when the stream ends, also when it ends without an error. */
export interface DispatchWatch extends AsyncIterable<DispatchChange> {
  /**
   * Resolves when the service has answered: the stream has every change from then on. Rejects when the stream ends first. A transport that
   * knows nothing of its streams may resolve with nothing.
   */
  readonly opened: Promise<StreamStart | undefined> | Promise<void>;
}

/** The transport port: the calls to the service of a microgrid. Errors are `DispatchError`s; aborting the signal ends a call. */
export interface Transport {
  /** Lists the dispatches that end at or after `endFromMs` or have no end. */
  list(options: { microgridId: number; endFromMs: number; signal: AbortSignal }): AsyncIterable<DispatchPage>;
  /**
   * Lists dispatches by their ids: those that are known and that a list lacks, because some services leave out of a list by the end what
   * has none. What it lacks, too, is deleted. A transport whose lists are complete does without it.
   */
  listByIds?(options: {
    microgridId: number;
    ids: readonly number[];
    signal: AbortSignal;
  }): AsyncIterable<DispatchPage>;
  /**
   * Opens a stream of changes from now on, or if possible from `resumeAfter` on, a position of an earlier stream. A transport may
   * ignore that.
   */
  watch(options: { microgridId: number; signal: AbortSignal; resumeAfter?: string }): DispatchWatch;
  /**
   * Whether an error of a stream tells that the service ended it, as when it is stopped, rather than that the connection was lost.
   * @default false
   */
  isGracefulEnd?(problem: DispatchError): boolean;
  /**
   * Called after a connection was lost: keeps connecting, and resolves when the service is connected anew, so that the next attempt
   * comes soon. Rejects when the signal aborts. A transport without it is tried again after growing waits.
   */
  connectedAnew?(options: { signal: AbortSignal }): Promise<void>;
}

/** A transport that its opener closes, which closes its connections. */
export interface OpenTransport extends Transport {
  close(): void;
}

/** Time in milliseconds for which a dispatch is still listed and held after its end. */
export const retentionAfterEndMs = 24 * 3_600_000;
