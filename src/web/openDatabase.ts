import { DispatchError } from '../model/dispatchError.js';
import { settled, storeError } from './transactions.js';

/** Version of the object stores. */
const schemaVersion = 1;

/** Number of dispatches that are read at once. */
export const pageSize = 500;

/** An open database, which no other tab can open. */
export interface OpenedDatabase {
  readonly db: IDBDatabase;
  /** Closes it, and waits until others may open it. */
  close(): Promise<void>;
}

/** Keys of the dispatches of a microgrid, above an id. */
export function rangeOf(microgridId: number, afterId = Number.NEGATIVE_INFINITY): IDBKeyRange {
  return IDBKeyRange.bound([microgridId, afterId], [microgridId, Number.POSITIVE_INFINITY], true, true);
}

/**
 * Opens the database of a store, and creates it if it does not exist.
 *
 * @throws DispatchError `UNAVAILABLE` when another tab, or another store of this one, has opened it; `FAILED_PRECONDITION` when the page
 * cannot have it.
 */
export async function openDatabase(name: string): Promise<OpenedDatabase> {
  const unlock = await lock(name);
  try {
    const db = await open(name);
    return {
      db,
      close: () => {
        db.close();
        return unlock();
      },
    };
  } catch (error) {
    // Whoever tries again must not be told that it is in use.
    await unlock();
    throw storeError(error, name);
  }
}

/** Takes the lock of a store, if nobody has it; returns what releases it, and waits until it is released. */
async function lock(name: string): Promise<() => Promise<void>> {
  const { locks } = (globalThis.navigator ?? {}) as Partial<Navigator>;
  if (locks === undefined) {
    const message = `${name} needs Web Locks, which browsers offer only to pages by https, or from this computer`;
    throw new DispatchError('FAILED_PRECONDITION', message);
  }
  return new Promise((resolve, reject) => {
    const hold = (granted: unknown) => {
      if (granted !== null) {
        return new Promise<void>(release => {
          resolve(() => {
            release();
            return released;
          });
        });
      }
      reject(new DispatchError('UNAVAILABLE', `${name} is in use by another tab, or by another store of this one`));
      return undefined;
    };
    const released = locks
      .request(`xstate-dispatch ${name}`, { ifAvailable: true }, hold)
      .catch(cause => reject(storeError(cause, name)));
  });
}

async function open(name: string): Promise<IDBDatabase> {
  if (globalThis.indexedDB === undefined) {
    throw new DispatchError('FAILED_PRECONDITION', `${name} needs IndexedDB, which this browser does not offer`);
  }
  const opening = indexedDB.open(name, schemaVersion);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('microgrid');
    opening.result.createObjectStore('dispatch');
  };
  const db = await settled(opening, name);
  // Somebody wants to delete it: what is written later fails, and is reported.
  db.onversionchange = () => db.close();
  return db;
}
