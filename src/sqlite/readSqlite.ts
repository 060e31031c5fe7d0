import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Kysely } from 'kysely';

import { DispatchError } from '../model/dispatchError.js';
import { connectSqlite, type SqliteConnection } from './sqliteConnection.js';
import { sqliteDialect } from './sqliteDialect.js';
import { cannotOpen, checkHeader, type SqliteFileKind } from './sqliteHeader.js';

/** A database in a file, for reading. */
export interface SqliteReader<Schema> {
  /** Refuses to write. */
  readonly db: Kysely<Schema>;
  /** The file, as an absolute path. */
  readonly path: string;
  /** Number of the migrations that the file has now; another process may apply more. */
  version(): Promise<number>;
  close(): Promise<void>;
}

/** Time that a read waits for another process that recovers the file. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens an SQLite file for reading, also while another process uses it. It takes no lock that others would notice, and sees what is
 * committed.
 *
 * @throws DispatchError NOT_FOUND when there is no file; FAILED_PRECONDITION when it is a folder or not a database, or belongs to another program or
 * to a newer version of this one; INTERNAL when it cannot be opened.
 */
export async function readSqlite<Schema>(path: string, kind: SqliteFileKind): Promise<SqliteReader<Schema>> {
  const file = resolve(path);
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT'
      ? new DispatchError('NOT_FOUND', `there is no file ${file}`)
      : cannotOpen(file, error);
  });
  if (found.isDirectory()) throw new DispatchError('FAILED_PRECONDITION', `${file} is a folder`);
  await checkHeader(file, kind);
  try {
    const connection = await connectTo(file);
    const version = () => versionOf(connection);
    const db = new Kysely<Schema>({ dialect: sqliteDialect(connection, [connection]) });
    return {
      db,
      path: file,
      version,
      async close() {
        await db.destroy();
        connection.close();
      },
    };
  } catch (error) {
    throw cannotOpen(file, error);
  }
}

/** Connects to a file, and where its folder cannot be written also to one that no process has open: SQLite would put a log beside it. */
async function connectTo(file: string): Promise<SqliteConnection> {
  const connection = connectSqlite(`${pathToFileURL(file)}?mode=ro`, BUSY_TIMEOUT_MS);
  try {
    await versionOf(connection);
    return connection;
  } catch (error) {
    connection.close();
    const logBytes = await stat(`${file}-wal`).then(
      ({ size }) => size,
      () => 0,
    );
    if (logBytes > 0) throw error;
    const still = connectSqlite(`${pathToFileURL(file)}?immutable=1`, BUSY_TIMEOUT_MS);
    await versionOf(still);
    return still;
  }
}

/** Read by a statement, because the header may be in the log, and not in the file yet. */
async function versionOf(connection: SqliteConnection): Promise<number> {
  return Number((await connection.execute('PRAGMA user_version', [])).rows[0]?.user_version);
}
