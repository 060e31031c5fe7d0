import { DispatchError, messageOf } from '../model/dispatchError.js';

/** Number of requests that are made at once: the page stays responsive, however many there are. */
const pieceSize = 200;

/** Begins a transaction. @throws DispatchError when the database was closed, because somebody deletes it. */
export function begin(
  db: IDBDatabase,
  stores: readonly string[],
  mode: IDBTransactionMode = 'readonly',
): IDBTransaction {
  try {
    return db.transaction(stores, mode, { durability: 'strict' });
  } catch (error) {
    throw storeError(error, db.name);
  }
}

/** Waits for a request. @throws DispatchError */
export function settled<T>(request: IDBRequest<T>, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(storeError(request.error, name));
  });
}

/**
 * Makes all requests of a transaction, some at a time, and waits until it is complete. When one fails, nothing is written.
 *
 * @param requests - makes one request each time that it goes on.
 * @throws DispatchError
 */
export async function writeInPieces(transaction: IDBTransaction, requests: () => Iterable<IDBRequest>): Promise<void> {
  const { name } = transaction.db;
  await new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(storeError(transaction.error, name));
    const all = requests()[Symbol.iterator]();
    const writePiece = () => {
      try {
        for (let i = 1; ; i += 1) {
          const { done, value } = all.next();
          if (done) return;
          // The transaction stays open as long as the next requests are made when one of it succeeds.
          if (i === pieceSize) {
            value.onsuccess = writePiece;
            return;
          }
        }
      } catch (error) {
        reject(storeError(error, name));
        transaction.abort();
      }
    };
    writePiece();
  });
}

/** Converts an error of the database for the operator of the dispatcher. */
export function storeError(error: unknown, name: string): DispatchError {
  if (error instanceof DispatchError) return error;
  const message = `${name}: ${messageOf(error)}`;
  return new DispatchError(codeOf(error), message, { cause: error });
}

function codeOf(error: unknown) {
  const { name } = (error ?? {}) as Partial<DOMException>;
  if (name === 'QuotaExceededError') return 'RESOURCE_EXHAUSTED';
  // A newer version of this package has written it, or the page may have none.
  if (name === 'VersionError' || name === 'SecurityError') return 'FAILED_PRECONDITION';
  // The browser has deleted or closed it.
  if (name === 'InvalidStateError' || name === 'NotFoundError') return 'DATA_LOSS';
  return 'UNKNOWN';
}
