import { closeForOne, openForOne } from '../../machines/actors/storeUse.js';
import type { DispatcherStore, OpenedStore, StoredPage, StoreSave } from '../../machines/protocol/dispatcherStore.js';

interface OfMicrogrid {
  readonly microgridId: number;
}

/** A store as one dispatcher uses it: opened once and closed once, whoever asks for it. */
export class StoreLease implements DispatcherStore {
  readonly #store: DispatcherStore;
  /** Undefined when the store is not open and nobody is opening it. */
  #opened: Promise<OpenedStore> | undefined;

  constructor(store: DispatcherStore) {
    this.#store = store;
  }

  /** Whether the store is open, or being opened. */
  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  open(of: OfMicrogrid): Promise<OpenedStore> {
    this.#opened ??= this.#open(of);
    return this.#opened;
  }

  load(of: OfMicrogrid): AsyncIterable<StoredPage> {
    return this.#store.load(of);
  }

  save(save: StoreSave): Promise<void> {
    return this.#store.save(save);
  }

  /** Waits until an attempt to open the store has ended, and closes it when it is open. */
  async close(of: OfMicrogrid): Promise<void> {
    const [outcome] = await Promise.allSettled([this.#opened]);
    if (outcome.status === 'rejected' || this.#opened === undefined) return;
    this.#opened = undefined;
    await closeForOne(this.#store, of);
  }

  async #open(of: OfMicrogrid): Promise<OpenedStore> {
    try {
      return await openForOne(this.#store, of);
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }
}
