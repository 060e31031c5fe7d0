import { CompiledQuery, type Kysely, sql, type Transaction } from 'kysely';

import type {
  DispatcherStore,
  OpenedStore,
  StoreChange,
  StoredDispatch,
  StoredPage,
  StoreSave,
} from '../../machines/protocol/dispatcherStore.js';
import { isObject, show } from '../../machines/protocol/recordCheck.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import { openSqlite, type SqliteFile } from '../sqlite/openSqlite.js';
import { isDamage, sqliteCode } from '../sqlite/sqliteConnection.js';

interface Schema {
  microgrid: { id: number; synced: number; log_position: string | null; latest_ms: number | null };
  dispatch: { microgrid_id: number; id: number; stored: string };
}

/** `xdsp`: the dispatches of a dispatcher. A released migration is never changed. */
const fileKind = {
  applicationId: 0x78647370,
  holds: 'the dispatches of a dispatcher',
  migrations: { '0001_initial': { up: createTables }, '0002_position': { up: addPosition } },
};

/** Maximum number of files that are tried until one can be used. */
const maxCandidates = 10;

const pageSize = 500;

interface OpenFile extends SqliteFile<Schema> {
  /** The problems of the files before it, which were left unchanged. */
  readonly problems: readonly DispatchError[];
}

/** The store of {@link sqliteStore}, with the packages for SQLite. */
export class SqliteFileStore implements DispatcherStore {
  readonly #path: string;
  readonly #microgrids = new Set<number>();
  #file: Promise<OpenFile> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async open({ microgridId }: { microgridId: number }): Promise<OpenedStore> {
    this.#microgrids.add(microgridId);
    this.#file ??= openFile(this.#path).catch(error => {
      this.#microgrids.clear();
      this.#file = null;
      throw error;
    });
    const { db, path } = await this.#file;
    try {
      const row = await db.selectFrom('microgrid').selectAll().where('id', '=', microgridId).executeTakeFirst();
      const { synced, log_position: log = null, latest_ms: latestMs = null } = row ?? {};
      return { synced: synced === 1, position: log === null || latestMs === null ? null : { log, latestMs } };
    } catch (error) {
      throw storeError(error, path);
    }
  }

  async *load({ microgridId }: { microgridId: number }): AsyncGenerator<StoredPage> {
    const { db, path, problems } = await this.#opened();
    if (problems.length > 0) yield { dispatches: [], problems };
    const page = db.selectFrom('dispatch').select(['id', 'stored']).where('microgrid_id', '=', microgridId);
    try {
      let afterId = Number.MIN_SAFE_INTEGER;
      for (;;) {
        const rows = await page.where('id', '>', afterId).orderBy('id').limit(pageSize).execute();
        yield readPage(rows, path, microgridId);
        if (rows.length < pageSize) return;
        afterId = rows.at(-1)?.id ?? afterId;
      }
    } catch (error) {
      throw storeError(error, path);
    }
  }

  async save({ microgridId, replacesAll, synced, position, changes }: StoreSave): Promise<void> {
    const { db, path } = await this.#opened();
    const { log = null, latestMs = null } = position ?? {};
    const row = { id: microgridId, synced: synced ? 1 : 0, log_position: log, latest_ms: latestMs };
    try {
      await db.transaction().execute(async transaction => {
        // With a literal there is no parameter, so that the deletion runs on another thread.
        const all = transaction.deleteFrom('dispatch').where('microgrid_id', '=', sql.lit(microgridId));
        if (replacesAll) await all.execute();
        await transaction
          .insertInto('microgrid')
          .values(row)
          .onConflict(known => known.doUpdateSet(row))
          .execute();
        for await (const slice of changes) await write(transaction, microgridId, slice);
      });
    } catch (error) {
      throw storeError(error, path);
    }
  }

  async close({ microgridId }: { microgridId: number }): Promise<void> {
    if (!this.#microgrids.delete(microgridId) || this.#microgrids.size > 0 || this.#file === null) return;
    const closing = this.#file;
    this.#file = null;
    await (await closing).close();
  }

  async #opened(): Promise<OpenFile> {
    if (this.#file !== null) return this.#file;
    throw new DispatchError('FAILED_PRECONDITION', `${this.#path} is not open`);
  }
}

/** Opens the file, or the first one beside it that can be used. */
async function openFile(path: string): Promise<OpenFile> {
  const problems: DispatchError[] = [];
  for (let i = 0; i < maxCandidates; i++) {
    try {
      const file = await openSqlite<Schema>(i === 0 ? path : `${path}.${i}`, fileKind);
      return { ...file, problems };
    } catch (error) {
      // A file that is in use, or cannot be opened, is not replaced.
      if (!(error instanceof DispatchError) || error.code === 'UNAVAILABLE' || error.code === 'INTERNAL') throw error;
      const message = `${error.message}; it is left unchanged, and ${path}.${i + 1} is used instead`;
      problems.push(new DispatchError('DATA_LOSS', message, { cause: error }));
    }
  }
  const message = `neither ${path} nor any of ${maxCandidates - 1} files beside it can be used; remove some`;
  throw new DispatchError('FAILED_PRECONDITION', message, { cause: problems[0] });
}

async function createTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('microgrid')
    .addColumn('id', 'integer', column => column.primaryKey())
    .addColumn('synced', 'integer', column => column.notNull())
    .execute();
  await db.schema
    .createTable('dispatch')
    .addColumn('microgrid_id', 'integer', column => column.notNull())
    .addColumn('id', 'integer', column => column.notNull())
    .addColumn('stored', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('dispatch_key', ['microgrid_id', 'id'])
    .modifyEnd(sql`WITHOUT ROWID`)
    .execute();
}

async function addPosition(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('microgrid').addColumn('log_position', 'text').execute();
  await db.schema.alterTable('microgrid').addColumn('latest_ms', 'integer').execute();
}

async function write(db: Transaction<Schema>, microgridId: number, slice: readonly StoreChange[]): Promise<void> {
  const upserts: (number | string)[][] = [];
  const deletions: number[] = [];
  for (const change of slice) {
    if (change.kind === 'dropped') deletions.push(change.id);
    else upserts.push([microgridId, change.id, JSON.stringify(change.stored)]);
  }
  if (upserts.length > 0) {
    // As raw SQL: the query builder would create thousands of objects for each slice.
    const rows = upserts.map(() => '(?, ?, ?)').join();
    const insert = `INSERT INTO dispatch (microgrid_id, id, stored) VALUES ${rows} ON CONFLICT DO UPDATE SET stored = excluded.stored`;
    await db.executeQuery(CompiledQuery.raw(insert, upserts.flat()));
  }
  if (deletions.length > 0) {
    await db.deleteFrom('dispatch').where('microgrid_id', '=', microgridId).where('id', 'in', deletions).execute();
  }
}

function readPage(rows: readonly { id: number; stored: string }[], path: string, microgridId: number): StoredPage {
  const dispatches: StoredDispatch[] = [];
  const problems: DispatchError[] = [];
  for (const { id, stored } of rows) {
    try {
      const dispatch: unknown = JSON.parse(stored);
      // A machine checks the rest, but could not name it.
      if (!isObject(dispatch)) throw new TypeError(`it must be an object, not ${show(dispatch)}`);
      dispatches.push(dispatch as unknown as StoredDispatch);
    } catch (cause) {
      const message = `dispatch ${id} of ${path} cannot be read`;
      problems.push(new DispatchError('DATA_LOSS', message, { microgridId, dispatchId: id, cause }));
    }
  }
  return { dispatches, problems };
}

/** Converts an error of the file for the operator of the dispatcher. */
function storeError(error: unknown, path: string): DispatchError {
  const cause = error instanceof DispatchError && error.cause !== undefined ? error.cause : error;
  const code = sqliteCode(cause);
  if (error instanceof DispatchError && code === '') return error;
  const message = `${path}: ${messageOf(cause)}`;
  if (code.startsWith('SQLITE_FULL')) return new DispatchError('RESOURCE_EXHAUSTED', message, { cause });
  if (isDamage(code)) return new DispatchError('DATA_LOSS', message, { cause });
  // Only a file that another process has is UNAVAILABLE.
  return new DispatchError(error instanceof DispatchError ? 'INTERNAL' : 'UNKNOWN', message, { cause });
}
