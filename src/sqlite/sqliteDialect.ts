import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

import { databaseFailure } from './databaseFailure.js';
import type { SqliteConnection } from './sqliteConnection.js';

/**
 * A Kysely dialect on one connection for writing and several for reading. A query outside of a transaction uses either; a
 * transaction uses the one for writing exclusively. So reads never wait for writes, and see what is committed. Destroying a `Kysely`
 * of it waits until all connections are free, and leaves them open.
 */
export function sqliteDialect(writer: SqliteConnection, readers: readonly SqliteConnection[]): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new SqliteDriver(new Pool([writer]), new Pool(readers)),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class Adapter extends SqliteAdapter {
  /** Kysely's own adapter returns false because of foreign keys, which are not used here. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #writers: Pool;
  readonly #readers: Pool;

  constructor(writers: Pool, readers: Pool) {
    this.#writers = writers;
    this.#readers = readers;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Session> {
    return new Session(this.#writers, this.#readers);
  }

  beginTransaction(session: Session): Promise<void> {
    return session.begin();
  }

  commitTransaction(session: Session): Promise<void> {
    return session.commit();
  }

  rollbackTransaction(session: Session): Promise<void> {
    return session.rollback();
  }

  async releaseConnection(session: Session): Promise<void> {
    session.release();
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#writers.drain(), this.#readers.drain()]);
  }
}

/** What Kysely uses as a connection: it takes a real one with the first query. */
class Session implements DatabaseConnection {
  readonly #writers: Pool;
  readonly #readers: Pool;
  #writer: SqliteConnection | undefined;
  #reader: SqliteConnection | undefined;

  constructor(writers: Pool, readers: Pool) {
    this.#writers = writers;
    this.#readers = readers;
  }

  async begin(): Promise<void> {
    this.#writer = await this.#writers.take();
    try {
      // Not deferred: acquiring the lock later, by the first write, may fail without waiting.
      await this.#writer.run('BEGIN IMMEDIATE');
    } catch (error) {
      this.release();
      throw error;
    }
  }

  async commit(): Promise<void> {
    await this.#writer?.run('COMMIT');
  }

  /** Never fails: the first error is the one to report, and after some errors SQLite has already rolled back. */
  async rollback(): Promise<void> {
    await this.#writer?.run('ROLLBACK').catch(() => {});
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#writer) return execute(this.#writer, query);
    if (SelectQueryNode.is(query.query)) {
      this.#reader ??= await this.#readers.take();
      return execute(this.#reader, query);
    }
    await this.begin();
    try {
      const result = await execute<Row>(this.#writer as unknown as SqliteConnection, query);
      await this.commit();
      return result;
    } catch (error) {
      await this.rollback();
      throw error;
    } finally {
      this.#giveBackWriter();
    }
  }

  // biome-ignore lint/correctness/useYield: required by the interface, never used
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('this dialect does not stream');
  }

  release(): void {
    this.#giveBackWriter();
    if (this.#reader) this.#readers.give(this.#reader);
    this.#reader = undefined;
  }

  #giveBackWriter(): void {
    if (this.#writer) this.#writers.give(this.#writer);
    this.#writer = undefined;
  }
}

async function execute<Row>(connection: SqliteConnection, query: CompiledQuery): Promise<QueryResult<Row>> {
  const { rows, changed } = await connection.execute(query.sql, query.parameters);
  return { rows: rows as Row[], numAffectedRows: BigInt(changed) };
}

/** A pool of connections, each with one user at a time. */
class Pool {
  readonly #all: readonly SqliteConnection[];
  readonly #free: SqliteConnection[];
  readonly #waiting: ((connection: SqliteConnection) => void)[] = [];
  #drained = false;

  constructor(connections: readonly SqliteConnection[]) {
    this.#all = connections;
    this.#free = [...connections];
  }

  async take(): Promise<SqliteConnection> {
    if (this.#drained) throw databaseFailure(new Error('it is closed'));
    return this.#free.pop() ?? new Promise(resolve => this.#waiting.push(resolve));
  }

  give(connection: SqliteConnection): void {
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#free.push(connection);
  }

  /** Waits for all users, current and waiting; then gives out no more connections. */
  async drain(): Promise<void> {
    const takes = this.#all.map(() => this.take());
    this.#drained = true;
    await Promise.all(takes);
  }
}
