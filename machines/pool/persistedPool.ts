import type { StoredDispatch, SyncPosition } from '../protocol/dispatcherStore.js';

/** Persisted form of a pool. */
export interface PersistedPool {
  readonly microgridId: number;
  readonly synced: boolean;
  /** The position up to which they are in sync; null or absent: unknown. */
  readonly position?: SyncPosition | null;
  /** Empty while the store is being read: a pool restored from this snapshot then reads the store again. */
  readonly dispatches: readonly StoredDispatch[];
}
