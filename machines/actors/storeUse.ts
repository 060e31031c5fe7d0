import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatcherStore, OpenedStore } from '../protocol/dispatcherStore.js';

/** The use of a store by one dispatcher, from before it is opened until it is closed. */
interface StoreUse {
  /** The end of it, once the dispatcher has stopped. */
  ending: Promise<unknown> | null;
}

/** By store, then by microgrid. */
const uses = new WeakMap<DispatcherStore, Map<number, StoreUse>>();

/**
 * Opens a store for a dispatcher, unless another dispatcher of this program uses it for the same microgrid: a store itself may not
 * notice that.
 *
 * @throws DispatchError UNAVAILABLE when it is in use; and what opening it throws.
 */
export async function openForOne(store: DispatcherStore, of: { readonly microgridId: number }): Promise<OpenedStore> {
  const { microgridId } = of;
  const ofStore = uses.get(store) ?? new Map<number, StoreUse>();
  if (ofStore.has(microgridId)) {
    const message = `the store is in use by another dispatcher of microgrid ${microgridId} in this program`;
    throw new DispatchError('UNAVAILABLE', message, { microgridId });
  }
  uses.set(store, ofStore.set(microgridId, { ending: null }));
  try {
    return await store.open(of);
  } catch (error) {
    ofStore.delete(microgridId);
    throw error;
  }
}

/** Closes a store that was opened by {@link openForOne}; others may then open it. */
export async function closeForOne(store: DispatcherStore, of: { readonly microgridId: number }): Promise<void> {
  try {
    await store.close(of);
  } finally {
    uses.get(store)?.delete(of.microgridId);
  }
}

/** Notes that a dispatcher has stopped and will have closed its store when a promise settles. */
export function noteEnding(store: DispatcherStore, microgridId: number, ending: Promise<unknown>): void {
  const use = uses.get(store)?.get(microgridId);
  if (use !== undefined) use.ending = ending;
}

/** Waits until a dispatcher that has stopped has closed its store. */
export async function whenEnded(store: DispatcherStore, microgridId: number): Promise<void> {
  await uses.get(store)?.get(microgridId)?.ending;
}
