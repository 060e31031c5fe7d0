import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchState } from '../dispatch/dispatchMachine.js';
import type { DispatchContext } from '../dispatch/dispatchPlan.js';
import type { RunNotification } from '../dispatch/runNotification.js';

/** A stored dispatch: the state and context of its machine, and what was announced. JSON-safe. */
export interface StoredDispatch {
  readonly state: DispatchState;
  /** Context of its `dispatchMachine`, which contains the dispatch. */
  readonly context: DispatchContext;
  /** Time of the last notification of its running state, milliseconds since the epoch; null: never. */
  readonly notifiedMs: number | null;
}

/** How far the dispatches are in sync with their service. JSON-safe. */
export interface SyncPosition {
  /** Position in the change log of the service, as the service names it. */
  readonly log: string;
  /**
   * Latest time of the clock since the last list, milliseconds since the epoch: what had ended a day before was not listed or is forgotten.
   */
  readonly latestMs: number;
}

/** One page of stored dispatches. */
export interface StoredPage {
  readonly dispatches: readonly StoredDispatch[];
  /** One problem per unreadable dispatch, or one for the store as a whole. Unreadable dispatches are not restored. */
  readonly problems: readonly DispatchError[];
}

/** One change of the stored dispatches. */
export type StoreChange =
  | { readonly kind: 'kept'; readonly id: number; readonly stored: StoredDispatch }
  | { readonly kind: 'dropped'; readonly id: number }
  | NotedNotification;

/**
 * A notification for the history. It is in the same save as the change of state that it tells of, so that neither is stored without the
 * other. A store without a history ignores it.
 */
export interface NotedNotification {
  readonly kind: 'noted';
  readonly notification: RunNotification;
}

/** One write to a store. */
export interface StoreSave {
  readonly microgridId: number;
  /** Whether to delete everything stored before. */
  readonly replacesAll: boolean;
  /** Whether a list of the service was applied: the next one then yields only differences. */
  readonly synced: boolean;
  /** The position that the dispatches have with these changes; null: unknown. To be stored in the same transaction. */
  readonly position: SyncPosition | null;
  /**
   * The changes, in slices of a few milliseconds of work, between which the event loop turns. A dispatch that is kept may occur
   * several times, and the last one counts. A dispatch that is dropped does not occur again, so the deletions of a slice can be
   * made after its other changes. Notifications are in order, after all other changes.
   */
  readonly changes: AsyncIterable<readonly StoreChange[]>;
}

/** What a store says when it is opened. */
export interface OpenedStore {
  /** Whether a list of the service had been applied. */
  readonly synced: boolean;
  /** The position of the last save; without one, the service is listed. @default null */
  readonly position?: SyncPosition | null | undefined;
}

/**
 * The store port: stores what a dispatcher needs to restart without a network. Errors are `DispatchError`s. One store may serve
 * several microgrids.
 */
export interface DispatcherStore {
  /**
   * Opens the store for a microgrid; opening it twice does no harm. Rejects with `UNAVAILABLE` when the store is in use. Returns whether a
   * list of the service had been applied when the microgrid was last saved, and the position then.
   */
  open(options: { microgridId: number }): Promise<OpenedStore>;
  /** Reads all stored dispatches of a microgrid. */
  load(options: { microgridId: number }): AsyncIterable<StoredPage>;
  /** Writes everything in one transaction; writes nothing when it rejects. */
  save(save: StoreSave): Promise<void>;
  /** Closes the store for a microgrid. */
  close(options: { microgridId: number }): Promise<void>;
}

/** A position from a store or a snapshot; null when it is none, so that the service is listed. */
export function readSyncPosition(value: unknown): SyncPosition | null {
  const { log, latestMs } = (value ?? {}) as Partial<SyncPosition>;
  return typeof log === 'string' && Number.isSafeInteger(latestMs) ? { log, latestMs: Number(latestMs) } : null;
}
