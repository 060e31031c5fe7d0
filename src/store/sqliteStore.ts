import { resolve } from 'node:path';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import type { WebhookStore } from '../../machines/protocol/webhookStore.js';
import { loadOptional } from '../model/loadOptional.js';
import { checkedLimits, type HistoryLimits } from './historyLimits.js';

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /** How much is kept of what happened, which `readHistory` reads; false: nothing is written. @default 400 days, 256 MiB */
  readonly history?: HistoryLimits | false | undefined;
}

/**
 * Creates a store in an SQLite file, which only one process can use at a time. The file is created if it does not exist, its folder
 * must exist. Saved dispatches survive the end of the process at any moment, and a power failure.
 *
 * It keeps a history of all notifications: each is written in the transaction of the change of state that it tells of.
 *
 * A file that is not a store, is damaged or was written by a newer version is left unchanged and reported; the store then starts
 * empty in a file with `.1` appended to the name, and continues with that file after a restart.
 *
 * It needs the optional packages kysely and libsql. Without them, opening it fails with FAILED_PRECONDITION.
 *
 * @throws RangeError when the path is empty or not that of a file, or a limit of the history is wrong.
 */
export function sqliteStore(path: string, { history = {} }: SqliteStoreOptions = {}): DispatcherStore & WebhookStore {
  if (path === '' || path === ':memory:') throw new RangeError(`path must be the path of a file, not '${path}'`);
  const file = resolve(path);
  const limits = history === false ? null : checkedLimits(history);
  // Loaded now, not when the dispatcher starts, because it takes a while. What fails is reported by each call.
  const loading = loadOptional('sqliteStore', () => import('./sqliteFileStore.js'));
  const loaded = loading.then(({ SqliteFileStore }) => new SqliteFileStore(file, limits));
  loaded.catch(() => {});
  return {
    open: async options => (await loaded).open(options),
    async *load(options) {
      yield* (await loaded).load(options);
    },
    save: async save => (await loaded).save(save),
    close: async options => (await loaded).close(options),
    loadWebhooks: async of => (await loaded).loadWebhooks(of),
    dropWebhooks: async options => (await loaded).dropWebhooks(options),
    // When it cannot be loaded, the dispatcher has no store either.
    changeWebhooks: (of, change) => void loaded.then(store => store.changeWebhooks(of, change)).catch(() => {}),
  };
}
