import type { RunNotification } from '../dispatch/runNotification.js';
import type { StoreChange, SyncPosition } from '../protocol/dispatcherStore.js';
import type { PoolChanged } from '../protocol/messages.js';

/** How far a pool is in sync with its service. */
interface SyncProgress {
  /** Whether a list of the service was applied. */
  readonly synced: boolean;
  readonly position: SyncPosition | null;
}

/** Changes of a pool that its store does not have yet. Without a store there are none. */
export class StoreChanges {
  #changes: StoreChange[] | null = null;
  #mustReplaceAll = false;
  #savedSynced = false;
  #savedLogPosition: string | null = null;

  /** There is a store from now on. */
  begin(): void {
    this.#changes = [];
  }

  add(change: StoreChange): void {
    this.#changes?.push(change);
  }

  note(notification: RunNotification): void {
    this.#changes?.push({ kind: 'noted', notification });
  }

  /** Makes the store replace its dispatches by the present ones. */
  replaceAll(): void {
    this.#mustReplaceAll = this.#changes !== null;
    if (this.#changes !== null) this.#changes = this.#changes.filter(({ kind }) => kind === 'noted');
  }

  /** The store has this already. */
  wasSaved({ synced, position }: SyncProgress): void {
    this.#savedSynced = synced;
    this.#savedLogPosition = position?.log ?? null;
  }

  /**
   * Takes what is to be saved; null: nothing.
   *
   * @param everything Returns all dispatches.
   */
  take({ synced, position }: SyncProgress, everything: () => Iterable<StoreChange>): PoolChanged | null {
    const changes = this.#changes;
    const hasMoved = synced !== this.#savedSynced || (position?.log ?? null) !== this.#savedLogPosition;
    if (changes === null || (changes.length === 0 && !this.#mustReplaceAll && !hasMoved)) return null;
    const all = this.#mustReplaceAll ? everything() : null;
    this.#changes = [];
    this.#mustReplaceAll = false;
    this.wasSaved({ synced, position });
    return { type: 'pool.changed', changes, everything: all, synced, position };
  }
}
