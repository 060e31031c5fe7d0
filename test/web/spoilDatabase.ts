import type { DispatcherStorePlace } from '../support/testDispatcherStore.js';

/** Opens a database as it is. */
export async function openAsItIs(name: string, version?: number): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version);
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Replaces what is stored of dispatches of microgrid 1, behind the back of the store. */
export async function spoilDatabase(name: string, texts: Parameters<DispatcherStorePlace['spoil']>[0]): Promise<void> {
  const db = await openAsItIs(name);
  const transaction = db.transaction('dispatch', 'readwrite');
  for (const { id, text, newId = id } of texts) {
    transaction.objectStore('dispatch').delete([1, id]);
    transaction.objectStore('dispatch').put(text, [1, newId]);
  }
  await new Promise(resolve => {
    transaction.oncomplete = resolve;
  });
  db.close();
}
