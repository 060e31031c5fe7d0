import { access, constants, realpath, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CompiledQuery, Kysely } from 'kysely';

import { DispatchError } from '../model/dispatchError.js';
import { migrate } from './migrate.js';
import { connectSqlite, isDamage, type SqliteConnection, sqliteCode } from './sqliteConnection.js';
import { sqliteDialect } from './sqliteDialect.js';
import { cannotOpen, checkHeader, type SqliteFileKind } from './sqliteHeader.js';

/** A database in a file that no other process can use meanwhile. */
export interface SqliteFile<Schema> {
  readonly db: Kysely<Schema>;
  /** Finds the first row of a query by a key, several times as fast as {@link db}: on this thread, over a connection of its own. */
  find<Row>(query: CompiledQuery<Row>): Promise<Row | undefined>;
  /** The file, as an absolute path. */
  readonly path: string;
  /** Waits for pending queries, then closes the file and releases its lock. */
  close(): Promise<void>;
}

/** Time that a write waits for another program, such as a backup, that has locked the database. */
const BUSY_TIMEOUT_MS = 5_000;
/** Number of connections for concurrent reads. */
const READERS = 3;

/**
 * Opens an SQLite file, or creates it in an existing folder. Committed changes are on the disk (write-ahead log,
 * `synchronous = FULL`).
 *
 * Only one process can open it: it holds a lock on a second file, named `…-lock`, which is released when the process ends in any way.
 * Other programs may read the database meanwhile, for example to back it up.
 *
 * A file that was not closed here, or was changed since, is checked for damage as a whole. A file that cannot be used is not changed.
 *
 * @throws DispatchError UNAVAILABLE when another process uses the file; INTERNAL when it cannot be opened; FAILED_PRECONDITION when it
 * is not a database, or belongs to another program or to a newer version of this one; DATA_LOSS when it is damaged.
 */
export async function openSqlite<Schema>(path: string, kind: SqliteFileKind): Promise<SqliteFile<Schema>> {
  const file = await resolveFile(path);
  await checkHeader(file, kind);
  // Before the lock makes it.
  const closedAt = await timeOf(`${file}-lock`);
  const lock = await lockFile(file);
  const connections: SqliteConnection[] = [];
  const connect = (busyTimeoutMs: number) => {
    const connection = connectSqlite(file, busyTimeoutMs);
    connections.push(connection);
    return connection;
  };
  const release = () => {
    for (const connection of connections) connection.close();
    lock.close();
  };
  try {
    if (!(await isAsClosed(file, closedAt))) await checkPages(file);
    await markOpen(file).catch(() => {});
    const writer = connect(BUSY_TIMEOUT_MS);
    await mark(writer, 'application_id', kind.applicationId);
    await enableWriteAheadLog(writer);
    const readers = Array.from({ length: READERS }, () => connect(BUSY_TIMEOUT_MS));
    for (const reader of readers) await reader.run('PRAGMA query_only = ON');
    const db = new Kysely<Schema>({ dialect: sqliteDialect(writer, readers) });
    await migrate(db, kind.migrations, file);
    await mark(writer, 'user_version', Object.keys(kind.migrations).length);
    let finder: SqliteConnection | undefined;
    let closing = false;
    return {
      db,
      async find<Row>(query: CompiledQuery<Row>) {
        if (!closing) {
          // This thread must not wait for a lock.
          finder ??= connect(0);
          try {
            return (await finder.find(query.sql, query.parameters)) as Row | undefined;
          } catch {}
        }
        return (await db.executeQuery(query)).rows[0];
      },
      path: file,
      async close() {
        closing = true;
        await db.destroy();
        // Closing truncates the log only once all handles are garbage-collected. A log that cannot be truncated is read later.
        await writer.run('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => {});
        await markClosed(file).catch(() => {});
        release();
      },
    };
  } catch (error) {
    const failure = startFailure(file, error);
    // Leave no lock file beside a file that is not ours.
    if (failure.code !== 'INTERNAL') await rm(`${file}-lock`, { force: true });
    release();
    throw failure;
  }
}

/**
 * Checks that {@link openSqlite} could open a file, as far as its header, its folder and its lock tell. Nothing is written.
 *
 * @throws DispatchError as {@link openSqlite}.
 */
export async function checkSqlite(path: string, kind: SqliteFileKind): Promise<void> {
  const file = await resolveFile(path);
  await checkHeader(file, kind);
  if ((await timeOf(file)) !== null) {
    await access(file, constants.R_OK | constants.W_OK).catch(error => {
      throw cannotOpen(file, error);
    });
  }
  if ((await timeOf(`${file}-lock`)) === null) return;
  const lock = connectSqlite(`${pathToFileURL(`${file}-lock`)}?mode=ro`, 0);
  try {
    await lock.execute('SELECT 1 FROM sqlite_schema', []);
  } catch (error) {
    throw lockFailure(file, error);
  } finally {
    lock.close();
  }
}

function startFailure(file: string, error: unknown): DispatchError {
  if (error instanceof DispatchError && error.code !== 'UNAVAILABLE') return error;
  const { cause } = error as Error;
  return isDamage(sqliteCode(cause)) ? damaged(file, (cause as Error).message, cause) : cannotOpen(file, error);
}

/** Notes on the lock file of which time the file is when it is closed. */
async function markClosed(file: string): Promise<void> {
  const { mtime } = await stat(file);
  await utimes(`${file}-lock`, mtime, mtime);
}

/** Takes back what {@link markClosed} noted: a process that is killed leaves the file without a note. */
async function markOpen(file: string): Promise<void> {
  await utimes(`${file}-lock`, 0, 0);
}

/** Whether the file is as it was when it was closed: a process that was killed leaves no note of it, and what changes the file its time. */
async function isAsClosed(file: string, closedAt: number | null): Promise<boolean> {
  return closedAt !== null && closedAt === (await timeOf(file)) && (await sizeOf(`${file}-wal`)) === 0;
}

/** When a file was changed last, in whole milliseconds; null when there is none. */
async function timeOf(file: string): Promise<number | null> {
  return (await stat(file).catch(ifMissing(() => null)))?.mtime.getTime() ?? null;
}

/**
 * Checks the file for damage, over a read-only connection: another one would move the log into the file when it is closed. Without a
 * log no file is created beside it either.
 */
async function checkPages(file: string): Promise<void> {
  const hasLog = (await sizeOf(`${file}-wal`)) + (await sizeOf(`${file}-journal`)) > 0;
  if ((await sizeOf(file)) === 0) return;
  const reader = connectSqlite(`${pathToFileURL(file)}?${hasLog ? 'mode=ro' : 'immutable=1'}`, BUSY_TIMEOUT_MS);
  try {
    const { rows } = await reader.execute('PRAGMA quick_check(1)', []);
    if (rows[0]?.quick_check !== 'ok') throw damaged(file, rows[0]?.quick_check);
  } catch (error) {
    const { cause } = error as Error;
    if (isDamage(sqliteCode(cause))) throw damaged(file, (cause as Error).message, cause);
    // Its first transaction was interrupted, which only a writer can roll back. Later ones use a write-ahead log.
    if (sqliteCode(cause) !== 'SQLITE_READONLY_ROLLBACK') throw error;
  } finally {
    reader.close();
  }
}

function damaged(file: string, reason: unknown, cause?: unknown): DispatchError {
  return new DispatchError('DATA_LOSS', `${file} is damaged (${String(reason).replaceAll(/\s+/g, ' ')})`, { cause });
}

/** Sets a number in the header of a file. One that is there already is not written again: that would change a file that cannot be used. */
async function mark(writer: SqliteConnection, name: 'application_id' | 'user_version', value: number): Promise<void> {
  const { rows } = await writer.execute(`PRAGMA ${name}`, []);
  if (rows[0]?.[name] !== value) await writer.run(`PRAGMA ${name} = ${value}`);
}

/** Commits go to a write-ahead log, and are synced before they are confirmed; on macOS that needs `fullfsync`. */
async function enableWriteAheadLog(writer: SqliteConnection): Promise<void> {
  const { rows } = await writer.execute('PRAGMA journal_mode = WAL', []);
  if (rows[0]?.journal_mode !== 'wal') throw new Error('its file system cannot hold a write-ahead log of SQLite');
  await writer.run('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON');
}

/** Resolves links, so that a file has only one name to lock. */
async function resolveFile(path: string): Promise<string> {
  const wanted = resolve(path);
  try {
    const folder = await realpath(dirname(wanted)).catch(ifMissing(() => null));
    if (folder === null) throw new Error(`there is no folder ${dirname(wanted)}`);
    await access(folder, constants.R_OK | constants.W_OK);
    const file = await realpath(wanted).catch(ifMissing(() => join(folder, basename(wanted))));
    if ((await stat(file).catch(ifMissing(() => null)))?.isDirectory()) throw new Error('it is a folder');
    return file;
  } catch (error) {
    throw cannotOpen(wanted, error);
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(ifMissing(() => ({ size: 0 })))).size;
}

function ifMissing<Value>(instead: () => Value): (error: NodeJS.ErrnoException) => Value {
  return error => {
    if (error.code === 'ENOENT') return instead();
    throw error;
  };
}

async function lockFile(file: string): Promise<SqliteConnection> {
  let lock: SqliteConnection | undefined;
  try {
    lock = connectSqlite(`${file}-lock`, 0);
    // Without a journal the lock leaves no third file behind.
    await lock.run('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    throw lockFailure(file, error);
  }
}

function lockFailure(file: string, error: unknown): DispatchError {
  const { cause = error } = error as Error;
  if (!sqliteCode(cause).startsWith('SQLITE_BUSY')) return cannotOpen(file, error);
  return new DispatchError('UNAVAILABLE', `${file} is in use by another process`, { cause: error });
}
