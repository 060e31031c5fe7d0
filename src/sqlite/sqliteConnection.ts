import { databaseFailure } from './databaseFailure.js';

// When a part of it for this platform is not installed, a static import would be rejected twice, once without anybody to catch it.
const { default: Database } = await import('libsql/promise');

/** The result of a statement. */
export interface SqliteResult {
  /** Bytes are `Uint8Array`s. */
  readonly rows: Record<string, unknown>[];
  /** Number of inserted, updated or deleted rows. */
  readonly changed: number;
}

/** A connection to a database, for one statement at a time: wait for the result before the next call. */
export interface SqliteConnection {
  /**
   * Executes a statement. Statements that return rows or have no parameters run on another thread; others on this one, within
   * microseconds if they are part of a transaction.
   *
   * @throws TypeError when SQLite cannot store a parameter; DispatchError UNAVAILABLE when the database fails; or the error of
   * SQLite, with its `code`, when it refuses the statement.
   */
  execute(sql: string, parameters: readonly unknown[]): Promise<SqliteResult>;
  /**
   * Finds the first row of a query, on this thread: for keys, which are found within microseconds. Another thread would take several times as
   * long.
   *
   * @throws as {@link execute}.
   */
  find(sql: string, parameters: readonly unknown[]): Promise<Record<string, unknown> | undefined>;
  /** Executes statements without parameters or rows, such as COMMIT with its wait for the disk, on another thread. */
  run(sql: string): Promise<void>;
  /** Closes the connection. The file handle may stay open until its statements are garbage-collected. */
  close(): void;
}

/** Maximum number of cached prepared statements. */
const MAX_PREPARED = 100;

interface Statement {
  readonly reader: boolean;
  run(parameters: readonly unknown[]): { readonly changes: number };
  all(parameters: readonly unknown[]): Promise<Record<string, unknown>[]>;
  get(parameters: readonly unknown[]): Record<string, unknown> | undefined;
}

interface NativeDatabase {
  prepare(sql: string): Promise<Statement>;
  exec(sql: string): Promise<void>;
  close(): void;
}

/**
 * Opens a connection.
 *
 * @param path - absolute, or a `file:` URL, see "URI Filenames" of SQLite: libsql takes other strings for addresses of servers.
 * @param busyTimeoutMs - time to wait for a lock of another process, in milliseconds.
 */
export function connectSqlite(path: string, busyTimeoutMs: number): SqliteConnection {
  const database = new Database(path, { timeout: busyTimeoutMs }) as unknown as NativeDatabase;
  const statements = new Map<string, Statement>();

  async function statement(sql: string): Promise<Statement> {
    const found = statements.get(sql) ?? (await database.prepare(sql));
    // It moves to the end, so that the first one is the least recently used.
    statements.delete(sql);
    statements.set(sql, found);
    if (statements.size > MAX_PREPARED) statements.delete(statements.keys().next().value as string);
    return found;
  }

  async function execute(sql: string, parameters: readonly unknown[]): Promise<SqliteResult> {
    const bound = parameters.map(bindable);
    const prepared = await statement(sql);
    // run() does not finish a statement that returns rows, such as one with RETURNING, and leaves its transaction open.
    if (!prepared.reader && bound.length > 0) return { rows: [], changed: prepared.run(bound).changes };
    if (!prepared.reader) return { rows: [], changed: await executeOffThread(sql) };
    const rows = await prepared.all(bound);
    for (const row of rows) for (const name in row) row[name] = plainBytes(row[name]);
    return { rows, changed: rows.length };
  }

  async function find(sql: string, parameters: readonly unknown[]): Promise<Record<string, unknown> | undefined> {
    const prepared = await statement(sql);
    const found = prepared.get(parameters.map(bindable));
    if (!found) return undefined;
    const row: Record<string, unknown> = {};
    // It adds how long it took.
    for (const name in found) if (name !== '_metadata') row[name] = plainBytes(found[name]);
    return row;
  }

  async function executeOffThread(sql: string): Promise<number> {
    await database.exec(sql);
    const [row] = await (await statement('SELECT changes() AS changed')).all([]);
    return Number(row?.changed);
  }

  return {
    execute: (sql, parameters) => execute(sql, parameters).catch(rethrow),
    find: (sql, parameters) => find(sql, parameters).catch(rethrow),
    run: sql => database.exec(sql).catch(rethrow),
    close() {
      statements.clear();
      database.close();
    },
  };
}

/**
 * Converts a parameter for libsql. Any other value, such as a boolean or a `Date`, would crash the process: this is the only
 * check.
 *
 * @throws TypeError
 */
function bindable(value: unknown): number | bigint | string | Buffer | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' || typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const kind = typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
  throw new TypeError(`a ${kind} cannot be a parameter of an SQLite statement`);
}

/** Prefixes of codes that are about the disk, the file or a lock, not about a statement. */
const FAILURES = ['BUSY', 'CANTOPEN', 'CORRUPT', 'FULL', 'IOERR', 'NOMEM', 'NOTADB', 'READONLY'];

/** The code of an error of SQLite, such as `SQLITE_BUSY`; empty for another error. */
export function sqliteCode(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}

/** Whether a code of SQLite means that a file is damaged or not a database. */
export function isDamage(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB');
}

function rethrow(error: unknown): never {
  const code = sqliteCode(error).slice('SQLITE_'.length);
  throw FAILURES.some(failure => code.startsWith(failure)) ? databaseFailure(error) : error;
}

/** Converts bytes, which libsql returns as `ArrayBuffer` or `Buffer`. */
function plainBytes(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return Buffer.isBuffer(value) ? new Uint8Array(value.buffer, value.byteOffset, value.length) : value;
}
