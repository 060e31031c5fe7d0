import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';

/** One page of a list. */
export interface DispatchPage {
  readonly dispatches: readonly DispatchRecord[];
  /** One problem per dispatch that could not be decoded. */
  readonly problems: readonly DispatchError[];
}

/** One event of a stream. */
export type DispatchChange =
  | { readonly kind: 'created' | 'updated' | 'deleted'; readonly dispatch: DispatchRecord }
  | {
      /** The event cannot be decoded. */
      readonly kind: 'problem';
      readonly problem: DispatchError;
      /** Id of the deleted dispatch, if the event is a deletion. */
      readonly deletedId?: number;
    };

/** An open stream of changes. Its iteration throws when the stream ends, also when it ends without an error. */
export interface DispatchWatch extends AsyncIterable<DispatchChange> {
  /** Resolves when the service has answered: the stream has every change from then on. Rejects when the stream ends first. */
  readonly opened: Promise<void>;
}

/** The transport port: the calls to the service of a microgrid. Errors are `DispatchError`s; aborting the signal ends a call. */
export interface Transport {
  /** Lists the dispatches that end at or after `endFromMs` or have no end. */
  list(options: { microgridId: number; endFromMs: number; signal: AbortSignal }): AsyncIterable<DispatchPage>;
  /** Opens a stream of changes from now on. */
  watch(options: { microgridId: number; signal: AbortSignal }): DispatchWatch;
}

/** A transport that its opener closes, which closes its connections. */
export interface OpenTransport extends Transport {
  close(): void;
}

/** Time in milliseconds for which a dispatch is still listed and held after its end. */
export const retentionAfterEndMs = 24 * 3_600_000;
