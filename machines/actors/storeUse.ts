import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatcherStore, OpenedStore } from '../protocol/dispatcherStore.js';

/** The microgrids that each store is open for, also while it is being opened or closed. */
const used = new WeakMap<DispatcherStore, Set<number>>();

/**
 * Opens a store for a dispatcher, unless another dispatcher of this program uses it for the same microgrid: a store itself may not
 * notice that.
 *
 * @throws DispatchError UNAVAILABLE when it is in use; and what opening it throws.
 */
export async function openForOne(store: DispatcherStore, of: { readonly microgridId: number }): Promise<OpenedStore> {
  const { microgridId } = of;
  const microgrids = used.get(store) ?? new Set();
  if (microgrids.has(microgridId)) {
    const message = `the store is in use by another dispatcher of microgrid ${microgridId} in this program`;
    throw new DispatchError('UNAVAILABLE', message, { microgridId });
  }
  used.set(store, microgrids.add(microgridId));
  try {
    return await store.open(of);
  } catch (error) {
    microgrids.delete(microgridId);
    throw error;
  }
}

/** Closes a store that was opened by {@link openForOne}; others may then open it. */
export async function closeForOne(store: DispatcherStore, of: { readonly microgridId: number }): Promise<void> {
  try {
    await store.close(of);
  } finally {
    used.get(store)?.delete(of.microgridId);
  }
}
