import { access, constants, mkdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Kysely } from 'kysely';

import { DispatchError } from '../model/dispatchError.js';
import { connectSqlite, type SqliteConnection, sqliteCode } from './sqliteConnection.js';
import { sqliteDialect } from './sqliteDialect.js';

/** What a file is for. */
export interface SqliteFileKind {
  /** Its `application_id`, by which SQLite files of different programs are told apart: any number but 0, within 31 bits. */
  readonly applicationId: number;
  /** What it holds, for messages, such as `dispatches of a service`. */
  readonly holds: string;
}

/** A database in a file that this process has to itself. */
export interface SqliteFile<Schema> {
  readonly db: Kysely<Schema>;
  /** The file, as an absolute path. */
  readonly path: string;
  /** Waits for what is under way, then closes the file and lets other processes have it. */
  close(): Promise<void>;
}

/** How long a write waits for another program, such as a backup, that holds the database. */
const BUSY_TIMEOUT_MS = 5_000;
/** So many queries read at once. */
const READERS = 3;

/**
 * Opens an SQLite file, which is made where there is none, with its folders. What is committed is on the disk
 * (write-ahead log, `synchronous = FULL`).
 *
 * One process has it at a time: it holds a lock on a second file beside it, named `…-lock`, which ends with the process
 * however that ends. Other programs may read the database meanwhile, for example to back it up.
 *
 * @throws DispatchError UNAVAILABLE when another process has it or it cannot be opened; FAILED_PRECONDITION when it is
 * no database, or one of another program.
 */
export async function openSqlite<Schema>(path: string, kind: SqliteFileKind): Promise<SqliteFile<Schema>> {
  const file = await realFile(path);
  const lock = await lockFile(file);
  const connections: SqliteConnection[] = [];
  const connect = () => {
    const connection = connectSqlite(file, BUSY_TIMEOUT_MS);
    connections.push(connection);
    return connection;
  };
  const release = () => {
    for (const connection of connections) connection.close();
    lock.close();
  };
  try {
    const writer = connect();
    await claim(writer, file, kind);
    await useLog(writer);
    const readers = Array.from({ length: READERS }, connect);
    for (const reader of readers) await reader.run('PRAGMA query_only = ON');
    const db = new Kysely<Schema>({ dialect: sqliteDialect(writer, readers) });
    return {
      db,
      path: file,
      async close() {
        await db.destroy();
        // Closing empties the log only once every handle is collected as garbage. What cannot be emptied is read from it.
        await writer.run('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => {});
        release();
      },
    };
  } catch (error) {
    const failure = openError(file, kind, error);
    // What is not ours is left as it was.
    if (failure.code === 'FAILED_PRECONDITION') await rm(`${file}-lock`, { force: true });
    release();
    throw failure;
  }
}

/** Makes an empty file one of a kind, and refuses one of another kind. */
async function claim(writer: SqliteConnection, file: string, { applicationId, holds }: SqliteFileKind): Promise<void> {
  const { rows } = await writer.execute(
    'SELECT application_id AS id, (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_application_id',
    [],
  );
  const [found] = rows;
  if (found?.id === applicationId) return;
  if (found?.id !== 0 || found.tables !== 0) {
    throw new DispatchError('FAILED_PRECONDITION', `${file} is a database of another program, not ${holds}`);
  }
  await writer.run(`PRAGMA application_id = ${applicationId}`);
}

/** Commits go to a write-ahead log, and to the disk before they are confirmed; `fullfsync` says so to macOS. */
async function useLog(writer: SqliteConnection): Promise<void> {
  const { rows } = await writer.execute('PRAGMA journal_mode = WAL', []);
  if (rows[0]?.journal_mode !== 'wal') throw new Error('its file system cannot hold a write-ahead log of SQLite');
  await writer.run('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON');
}

/** The file that a path leads to, by whatever links, so that it has one name to lock; makes the folders to it. */
async function realFile(path: string): Promise<string> {
  const wanted = resolve(path);
  try {
    await mkdir(dirname(wanted), { recursive: true });
    const folder = await realpath(dirname(wanted));
    await access(folder, constants.R_OK | constants.W_OK);
    const file = await realpath(wanted).catch(ifMissing(() => join(folder, basename(wanted))));
    if ((await stat(file).catch(ifMissing(() => null)))?.isDirectory()) throw new Error('it is a folder');
    return file;
  } catch (error) {
    throw cannotOpen(wanted, error);
  }
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
    const { cause = error } = error as Error;
    if (!sqliteCode(cause).startsWith('SQLITE_BUSY')) throw cannotOpen(file, cause);
    throw new DispatchError('UNAVAILABLE', `${file} is in use by another process`, { cause: error });
  }
}

/** Names the file, and what became of it. */
function openError(file: string, { holds }: SqliteFileKind, error: unknown): DispatchError {
  if (!(error instanceof DispatchError)) return cannotOpen(file, error);
  if (error.code !== 'UNAVAILABLE') return error;
  const { cause } = error;
  if (sqliteCode(cause) !== 'SQLITE_NOTADB') return cannotOpen(file, cause);
  return new DispatchError('FAILED_PRECONDITION', `${file} is no SQLite database, so not ${holds}`, { cause });
}

function cannotOpen(file: string, cause: unknown): DispatchError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DispatchError('UNAVAILABLE', `cannot open ${file}: ${reason}`, { cause });
}
