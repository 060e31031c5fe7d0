import {
  type DispatcherStore,
  type OpenedStore,
  readSyncPosition,
  type StoredDispatch,
  type StoredPage,
  type StoreSave,
} from '../../machines/protocol/dispatcherStore.js';
import { isObject, show } from '../../machines/protocol/recordCheck.js';
import { DispatchError } from '../model/dispatchError.js';
import { type OpenedDatabase, openDatabase, pageSize, rangeOf } from './openDatabase.js';
import { begin, settled, storeError, writeInPieces } from './transactions.js';

/**
 * Creates a store in a database of the browser (IndexedDB), which only one tab at a time can use: another dispatcher with this store is
 * told that it is in use, and may begin when the tab is closed. The database is created if it does not exist. Saved dispatches survive the
 * end of the browser at any moment; the browser may delete them when the disk is nearly full, unless `navigator.storage.persist()` was
 * granted.
 *
 * It needs Web Locks, which browsers offer only to pages by https, or from this computer.
 *
 * @param name Name of the database, which must be no other one of the page's origin.
 * @throws RangeError when the name is no text, or empty.
 */
export function indexedDbStore(name: string): DispatcherStore {
  if (typeof name !== 'string' || name === '') throw new RangeError('name must be a text that is not empty');
  const microgrids = new Set<number>();
  let opening: Promise<OpenedDatabase> | null = null;

  const opened = async () => {
    if (opening !== null) return opening;
    throw new DispatchError('FAILED_PRECONDITION', `${name} is not open`);
  };

  return {
    async open({ microgridId }): Promise<OpenedStore> {
      microgrids.add(microgridId);
      opening ??= openDatabase(name).catch(error => {
        microgrids.clear();
        opening = null;
        throw error;
      });
      const { db } = await opening;
      const microgrid = begin(db, ['microgrid']).objectStore('microgrid');
      const row: unknown = await settled(microgrid.get(microgridId), name);
      const { synced, position } = (row ?? {}) as Partial<Pick<StoreSave, 'synced' | 'position'>>;
      return { synced: synced === true, position: readSyncPosition(position) };
    },

    async *load({ microgridId }) {
      const { db } = await opened();
      for (let after = Number.NEGATIVE_INFINITY; ; ) {
        const dispatches = begin(db, ['dispatch']).objectStore('dispatch');
        const range = rangeOf(microgridId, after);
        const [keys, texts] = await Promise.all([
          settled(dispatches.getAllKeys(range, pageSize), name),
          settled(dispatches.getAll(range, pageSize), name),
        ]);
        const ids = keys.map(key => (key as [number, number])[1]);
        yield readPage(ids, texts, { name, microgridId });
        if (ids.length < pageSize) return;
        after = ids.at(-1) ?? after;
      }
    },

    async save({ microgridId, replacesAll, synced, position, changes }) {
      const { db } = await opened();
      const writes: ((dispatches: IDBObjectStore) => IDBRequest)[] = [];
      // A transaction ends when the event loop turns without a request of it: what is to be written must be there before.
      try {
        for await (const slice of changes) {
          for (const change of slice) {
            if (change.kind === 'noted') continue;
            const key = [microgridId, change.id];
            if (change.kind === 'dropped') writes.push(dispatches => dispatches.delete(key));
            else {
              const text = JSON.stringify(change.stored);
              writes.push(dispatches => dispatches.put(text, key));
            }
          }
        }
      } catch (error) {
        throw storeError(error, name);
      }
      const transaction = begin(db, ['microgrid', 'dispatch'], 'readwrite');
      await writeInPieces(transaction, function* () {
        const dispatches = transaction.objectStore('dispatch');
        if (replacesAll) yield dispatches.delete(rangeOf(microgridId));
        yield transaction.objectStore('microgrid').put({ synced, position }, microgridId);
        for (const write of writes) yield write(dispatches);
      });
    },

    async close({ microgridId }) {
      if (!microgrids.delete(microgridId) || microgrids.size > 0 || opening === null) return;
      const closing = opening;
      opening = null;
      await (await closing).close();
    },
  };
}

function readPage(
  ids: readonly number[],
  texts: readonly unknown[],
  { name, microgridId }: { readonly name: string; readonly microgridId: number },
): StoredPage {
  const dispatches: StoredDispatch[] = [];
  const problems: DispatchError[] = [];
  for (const [i, dispatchId] of ids.entries()) {
    try {
      const dispatch: unknown = JSON.parse(String(texts[i]));
      // A machine checks the rest, but could not name it.
      if (!isObject(dispatch)) throw new TypeError(`it must be an object, not ${show(dispatch)}`);
      dispatches.push(dispatch as unknown as StoredDispatch);
    } catch (cause) {
      const message = `dispatch ${dispatchId} of ${name} cannot be read`;
      problems.push(new DispatchError('DATA_LOSS', message, { microgridId, dispatchId, cause }));
    }
  }
  return { dispatches, problems };
}
