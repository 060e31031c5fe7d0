import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchState } from '../dispatch/dispatchMachine.js';
import type { DispatchContext } from '../dispatch/dispatchPlan.js';

/** One dispatch as a store keeps it: where its machine stands and what was announced. JSON-safe. */
export interface StoredDispatch {
  readonly state: DispatchState;
  /** The context of its `dispatchMachine`, with the dispatch itself. */
  readonly context: DispatchContext;
  /** When its running state was notified last, milliseconds since the epoch; null when it never was. */
  readonly notifiedMs: number | null;
}

/** A part of what a store keeps: what could be read, and what could not. */
export interface StoredPage {
  readonly dispatches: readonly StoredDispatch[];
  /** One for each dispatch that cannot be read, or for the store as a whole. What is unreadable is as good as gone. */
  readonly problems: readonly DispatchError[];
}

/** A change of what a store keeps. */
export type StoreChange =
  | { readonly kind: 'kept'; readonly id: number; readonly stored: StoredDispatch }
  | { readonly kind: 'dropped'; readonly id: number };

/** One save. */
export interface StoreSave {
  readonly microgridId: number;
  /** Whether all that was kept before is dropped first. */
  readonly replacesAll: boolean;
  /** Whether a list of the service was applied: then the next one yields differences only. */
  readonly synced: boolean;
  /**
   * What changed, in slices of some milliseconds of work; between two of them the event loop turns. A dispatch that is
   * kept may be named again, and the last one counts; one that is dropped is not named again, so what a slice drops can be
   * dropped after what it keeps.
   */
  readonly changes: AsyncIterable<readonly StoreChange[]>;
}

/**
 * Where a dispatcher keeps what it needs to restart without a network. Errors are `DispatchError`s. One store may serve
 * several microgrids.
 */
export interface DispatcherStore {
  /**
   * Makes the store ready for a microgrid; twice does no harm. Rejects with `UNAVAILABLE` when somebody else has it. Says whether a list of
   * the service had been applied when the microgrid was saved last.
   */
  open(options: { microgridId: number }): Promise<{ synced: boolean }>;
  /** Reads all that is kept of a microgrid. */
  load(options: { microgridId: number }): AsyncIterable<StoredPage>;
  /** Writes all of it or, when it rejects, nothing. */
  save(save: StoreSave): Promise<void>;
  /** The microgrid needs it no more. */
  close(options: { microgridId: number }): Promise<void>;
}
