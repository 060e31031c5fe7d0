import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';

/** One page of a list: what could be read, and what could not. */
export interface DispatchPage {
  readonly dispatches: readonly DispatchRecord[];
  /** One for each dispatch that could not be decoded. */
  readonly problems: readonly DispatchError[];
}

/** One event of a stream. */
export type DispatchChange =
  | { readonly kind: 'created' | 'updated' | 'deleted'; readonly dispatch: DispatchRecord }
  | {
      /** The event cannot be read. */
      readonly kind: 'problem';
      readonly problem: DispatchError;
      /** When it says that a dispatch is deleted, which one: that much can be read. */
      readonly deletedId?: number;
    };

/** An open stream of changes. Its iteration throws when the stream is lost, also by a clean end. */
export interface DispatchWatch extends AsyncIterable<DispatchChange> {
  /** Fulfilled when the service has answered: no change from then on is left out. Rejects when it never will. */
  readonly opened: Promise<void>;
}

/** How the dispatcher reaches the service of a microgrid. Errors are `DispatchError`s; an abort of the signal ends a call. */
export interface Transport {
  /** Lists the dispatches whose end is at or after `endFromMs`, and those without an end. */
  list(options: { microgridId: number; endFromMs: number; signal: AbortSignal }): AsyncIterable<DispatchPage>;
  /** Opens a stream of the changes from now on. */
  watch(options: { microgridId: number; signal: AbortSignal }): DispatchWatch;
}

/** A transport that whoever opened it closes: it then lets go of its connections. */
export interface OpenTransport extends Transport {
  close(): void;
}

/** How long after its end a dispatch is still listed and held, in milliseconds; then it is forgotten. */
export const retentionAfterEndMs = 24 * 3_600_000;
