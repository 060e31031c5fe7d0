import { join } from 'node:path';
import pg from 'pg';
import type { DispatchStore, StoreOptions } from '../../src/service/domain/dispatchStore.js';
import { openPostgresStore } from '../../src/service/store/sql/postgres/openPostgresStore.js';
import { openSqliteStore } from '../../src/service/store/sql/sqlite/openSqliteStore.js';
import { connectSqlite } from '../../src/sqlite/sqliteConnection.js';
import type { TestPostgres } from './postgres.js';
import { temporaryFolder } from './temporaryFolder.js';

/** An empty database, to open stores in one after the other. */
export interface StorePlace extends AsyncDisposable {
  /** What `--database` would say. */
  readonly database: string;
  open(options?: StoreOptions): Promise<DispatchStore>;
  /** Executes a statement behind the back of the service. */
  execute(sql: string): Promise<void>;
}

/** A file that is not there yet. */
export function sqlitePlace(): StorePlace {
  const folder = temporaryFolder();
  const database = join(folder.path, 'dispatches.db');
  return {
    database,
    open: options => openSqliteStore(database, options),
    async execute(sql) {
      const connection = connectSqlite(database, 5_000);
      await connection.run(sql);
      connection.close();
    },
    async [Symbol.asyncDispose]() {
      folder[Symbol.dispose]();
    },
  };
}

/**
 * A database of a server.
 *
 * @param through - makes of its address that of a pooler in front of it. @default none
 */
export async function postgresPlace(
  postgres: TestPostgres,
  through: (database: string) => string = database => database,
): Promise<StorePlace> {
  const database = through(await postgres.createDatabase());
  return {
    database,
    open: options => openPostgresStore(database, options),
    async execute(sql) {
      const client = new pg.Client(database);
      await client.connect();
      await client.query(sql);
      await client.end();
    },
    // It goes with the server.
    async [Symbol.asyncDispose]() {},
  };
}
