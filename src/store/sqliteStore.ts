import { resolve } from 'node:path';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { loadOptional } from '../model/loadOptional.js';

/**
 * Creates a store in an SQLite file, which only one process can use at a time. The file is created if it does not exist, its folder
 * must exist. Saved dispatches survive the end of the process at any moment, and a power failure.
 *
 * A file that is not a store, is damaged or was written by a newer version is left unchanged and reported; the store then starts
 * empty in a file with `.1` appended to the name, and continues with that file after a restart.
 *
 * It needs the optional packages kysely and libsql. Without them, opening it fails with FAILED_PRECONDITION.
 *
 * @throws RangeError when the path is empty or not that of a file.
 */
export function sqliteStore(path: string): DispatcherStore {
  if (path === '' || path === ':memory:') throw new RangeError(`path must be the path of a file, not '${path}'`);
  const file = resolve(path);
  // Loaded now, not when the dispatcher starts, because it takes a while. What fails is reported by each call.
  const loading = loadOptional('sqliteStore', () => import('./sqliteFileStore.js'));
  const loaded = loading.then(({ SqliteFileStore }) => new SqliteFileStore(file));
  loaded.catch(() => {});
  return {
    open: async options => (await loaded).open(options),
    async *load(options) {
      yield* (await loaded).load(options);
    },
    save: async save => (await loaded).save(save),
    close: async options => (await loaded).close(options),
  };
}
