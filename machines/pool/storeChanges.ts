import type { StoreChange } from '../protocol/dispatcherStore.js';
import type { PoolChanged } from '../protocol/messages.js';

/** Changes of a pool that its store does not have yet. Without a store there are none. */
export class StoreChanges {
  #changes: StoreChange[] | null = null;
  #mustReplaceAll = false;
  #savedSynced = false;

  /** There is a store from now on. */
  begin(): void {
    this.#changes = [];
  }

  add(change: StoreChange): void {
    this.#changes?.push(change);
  }

  /** Makes the store replace its contents by the present dispatches. */
  replaceAll(): void {
    this.#mustReplaceAll = this.#changes !== null;
    if (this.#changes !== null) this.#changes = [];
  }

  /** The store has this already: whether a list of the service was applied. */
  wasSaved(synced: boolean): void {
    this.#savedSynced = synced;
  }

  /**
   * Takes what is to be saved; null: nothing.
   *
   * @param synced Whether a list of the service was applied.
   * @param everything Returns all dispatches.
   */
  take(synced: boolean, everything: () => Iterable<StoreChange>): PoolChanged | null {
    const changes = this.#changes;
    if (changes === null || (changes.length === 0 && !this.#mustReplaceAll && synced === this.#savedSynced))
      return null;
    const all = this.#mustReplaceAll ? everything() : null;
    this.#changes = [];
    this.#mustReplaceAll = false;
    this.#savedSynced = synced;
    return { type: 'pool.changed', changes, everything: all, synced };
  }
}
