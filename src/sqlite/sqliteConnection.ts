import Database from 'libsql/promise';

import { databaseFailure } from './databaseFailure.js';

/** What a statement came to. */
export interface SqliteResult {
  /** Bytes are `Uint8Array`s. */
  readonly rows: Record<string, unknown>[];
  /** How many rows it inserted, updated or deleted. */
  readonly changed: number;
}

/** One connection to a database. It does one thing at a time: who calls waits for the answer before calling again. */
export interface SqliteConnection {
  /**
   * Executes one statement. Those that give rows or have no parameters run on another thread; the others on this one, in
   * microseconds, as long as they are within a transaction.
   *
   * @throws TypeError when a parameter is none that SQLite takes; DispatchError UNAVAILABLE when the database fails; or
   * the error of SQLite, with its `code`, when it refuses the statement.
   */
  execute(sql: string, parameters: readonly unknown[]): Promise<SqliteResult>;
  /** Executes statements without parameters or rows, such as COMMIT with its wait for the disk, on another thread. */
  run(sql: string): Promise<void>;
  /** Ends the connection. The file handle may stay open until its statements are collected as garbage. */
  close(): void;
}

/** Statements that stay prepared. */
const MAX_PREPARED = 100;

interface Statement {
  readonly reader: boolean;
  run(parameters: readonly unknown[]): { readonly changes: number };
  all(parameters: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

interface NativeDatabase {
  prepare(sql: string): Promise<Statement>;
  exec(sql: string): Promise<void>;
  close(): void;
}

/**
 * Opens a connection.
 *
 * @param path - absolute, or a `file:` URL, see "URI Filenames" of SQLite: libsql takes other texts for addresses of servers.
 * @param busyTimeoutMs - how long to wait for a lock that another process holds.
 */
export function connectSqlite(path: string, busyTimeoutMs: number): SqliteConnection {
  const database = new Database(path, { timeout: busyTimeoutMs }) as unknown as NativeDatabase;
  const statements = new Map<string, Statement>();

  async function statement(sql: string): Promise<Statement> {
    const found = statements.get(sql) ?? (await database.prepare(sql));
    // It moves to the end, so the first one is the one that was not used for longest.
    statements.delete(sql);
    statements.set(sql, found);
    if (statements.size > MAX_PREPARED) statements.delete(statements.keys().next().value as string);
    return found;
  }

  async function execute(sql: string, parameters: readonly unknown[]): Promise<SqliteResult> {
    const bound = parameters.map(bindable);
    const prepared = await statement(sql);
    // run() leaves a statement that gives rows, such as one with RETURNING, unfinished, and its transaction open.
    if (!prepared.reader && bound.length > 0) return { rows: [], changed: prepared.run(bound).changes };
    if (!prepared.reader) return { rows: [], changed: await executeOffThread(sql) };
    const rows = await prepared.all(bound);
    for (const row of rows) withBytes(row);
    return { rows, changed: rows.length };
  }

  async function executeOffThread(sql: string): Promise<number> {
    await database.exec(sql);
    const [row] = await (await statement('SELECT changes() AS changed')).all([]);
    return Number(row?.changed);
  }

  return {
    execute: (sql, parameters) => execute(sql, parameters).catch(rethrow),
    run: sql => database.exec(sql).catch(rethrow),
    close() {
      statements.clear();
      database.close();
    },
  };
}

/**
 * A parameter as libsql must be given it. Whatever else reaches it, such as a boolean or a `Date`, ends the whole process:
 * this is the one place that keeps it away.
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

/** How the codes begin that tell of the disk, the file or a lock, and not of a statement. */
const FAILURES = ['BUSY', 'CANTOPEN', 'CORRUPT', 'FULL', 'IOERR', 'NOMEM', 'NOTADB', 'READONLY'];

/** The code of an error of SQLite, such as `SQLITE_BUSY`; empty for another error. */
export function sqliteCode(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}

/** Whether a code of SQLite tells that a file is damaged, or no database. */
export function isDamage(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB');
}

function rethrow(error: unknown): never {
  const code = sqliteCode(error).slice('SQLITE_'.length);
  throw FAILURES.some(failure => code.startsWith(failure)) ? databaseFailure(error) : error;
}

/** libsql gives bytes as an `ArrayBuffer`. */
function withBytes(row: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value);
  }
}
