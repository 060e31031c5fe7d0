import { resolve } from 'node:path';
import type { DispatcherStore, StoredDispatch, StoredPage, StoreSave } from '../../machines/dispatcherStore.js';
import { DispatchError } from '../model/dispatchError.js';
import { closeStoreFile, openStoreFile, type StoreFile, toStoreError } from './storeFile.js';

const pageSize = 500;

/**
 * A store in an SQLite file, which one process has at a time; it is made when it does not exist. What was saved survives
 * the end of the process at any moment, and a power cut.
 *
 * A file that is not a store, is damaged or comes from a newer version is left as it is and reported; the store then
 * starts empty, beside it, in a file with `.1` at the end of its name, and goes on with that one after a restart.
 *
 * @throws RangeError when the path is empty or names no file.
 */
export function sqliteStore(path: string): DispatcherStore {
  if (path === '' || path === ':memory:') throw new RangeError(`path must be the path of a file, not '${path}'`);
  return new SqliteStore(resolve(path));
}

class SqliteStore implements DispatcherStore {
  readonly #path: string;
  readonly #microgrids = new Set<number>();
  #file: Promise<StoreFile> | null = null;
  /** One transaction at a time, also of several microgrids. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async open({ microgridId }: { microgridId: number }): Promise<{ synced: boolean }> {
    this.#file ??= openStoreFile(this.#path);
    const opening = this.#file;
    try {
      const { database } = await opening;
      this.#microgrids.add(microgridId);
      const [row] = await (await database.prepare('SELECT synced FROM microgrid WHERE id = ?')).all([microgridId]);
      return { synced: row?.synced === 1 };
    } catch (error) {
      if (this.#file === opening && this.#microgrids.size === 0) this.#file = null;
      throw toStoreError(error, this.#path);
    }
  }

  async *load({ microgridId }: { microgridId: number }): AsyncGenerator<StoredPage> {
    const { path, database, problems } = await this.#opened();
    if (problems.length > 0) yield { dispatches: [], problems };
    try {
      const page = await database.prepare(
        `SELECT id, stored FROM dispatch WHERE microgrid_id = ? AND id > ? ORDER BY id LIMIT ${pageSize}`,
      );
      let afterId = -1;
      for (;;) {
        const rows: { id: number; stored: string }[] = await page.all([microgridId, afterId]);
        yield readPage(rows, path, microgridId);
        if (rows.length < pageSize) return;
        afterId = rows.at(-1)?.id ?? afterId;
      }
    } catch (error) {
      throw toStoreError(error, path);
    }
  }

  async save(save: StoreSave): Promise<void> {
    const saving = this.#last.then(() => this.#save(save));
    this.#last = saving.catch(() => {});
    await saving;
  }

  async close({ microgridId }: { microgridId: number }): Promise<void> {
    await this.#last;
    if (!this.#microgrids.delete(microgridId) || this.#microgrids.size > 0 || this.#file === null) return;
    const closing = this.#file;
    this.#file = null;
    await closeStoreFile(await closing);
  }

  async #save({ microgridId, replacesAll, synced, changes }: StoreSave): Promise<void> {
    const { path, database } = await this.#opened();
    try {
      await database.exec('BEGIN IMMEDIATE');
      try {
        const keep = await database.prepare(
          `INSERT INTO dispatch (microgrid_id, id, stored) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET stored = excluded.stored`,
        );
        const drop = await database.prepare('DELETE FROM dispatch WHERE microgrid_id = ? AND id = ?');
        const note = await database.prepare(
          `INSERT INTO microgrid (id, synced) VALUES (?, ?) ON CONFLICT DO UPDATE SET synced = excluded.synced`,
        );
        // Not by run(), which would block the event loop while it deletes.
        if (replacesAll) await database.exec(`DELETE FROM dispatch WHERE microgrid_id = ${microgridId}`);
        note.run([microgridId, synced ? 1 : 0]);
        for await (const slice of changes) {
          for (const change of slice) {
            if (change.kind === 'kept') keep.run([microgridId, change.id, JSON.stringify(change.stored)]);
            else drop.run([microgridId, change.id]);
          }
        }
        await database.exec('COMMIT');
      } catch (error) {
        // After some errors SQLite has done so itself, and says that there is nothing to roll back.
        await database.exec('ROLLBACK').catch(() => {});
        throw error;
      }
    } catch (error) {
      throw toStoreError(error, path);
    }
  }

  async #opened(): Promise<StoreFile> {
    if (this.#file !== null) return this.#file;
    throw new DispatchError('FAILED_PRECONDITION', `${this.#path} is not open`);
  }
}

function readPage(rows: readonly { id: number; stored: string }[], path: string, microgridId: number): StoredPage {
  const dispatches: StoredDispatch[] = [];
  const problems: DispatchError[] = [];
  for (const { id, stored } of rows) {
    try {
      dispatches.push(JSON.parse(stored));
    } catch (cause) {
      const message = `dispatch ${id} of ${path} cannot be read`;
      problems.push(new DispatchError('DATA_LOSS', message, { microgridId, dispatchId: id, cause }));
    }
  }
  return { dispatches, problems };
}
