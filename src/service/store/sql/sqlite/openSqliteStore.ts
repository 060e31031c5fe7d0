import { type Kysely, type SqlBool, sql } from 'kysely';

import { checkSqlite, openSqlite } from '../../../../sqlite/openSqlite.js';
import type { DispatchStore, StoreOptions } from '../../../domain/dispatchStore.js';
import { migrations, type ServiceSchema } from '../schema.js';
import type { SqlDatabase, SqlDialect } from '../sqlDialect.js';
import { sqlStore } from '../sqlStore.js';
import { sqliteLogs } from './sqliteLogs.js';

/** `XDSP`: the dispatches of a service. */
const FILE_KIND = {
  applicationId: 0x58445350,
  holds: 'the dispatches of a service',
  migrations: migrations({ integer: 'integer', bytes: 'blob', createIds }),
};

/**
 * Opens a {@link DispatchStore} in an SQLite file, which no other process can use meanwhile.
 *
 * @throws DispatchError when it cannot be opened, see {@link openSqlite}.
 */
export async function openSqliteStore(
  path: string,
  { nowUs = systemUs, observer }: StoreOptions = {},
): Promise<DispatchStore> {
  const { db, find, path: name, close } = await openSqlite<ServiceSchema>(path, FILE_KIND);
  const database: SqlDatabase = {
    name,
    db,
    reads: db,
    find,
    log: db,
    upkeep: db,
    dialect: sqliteDispatches(nowUs),
    async check() {
      await db.selectFrom('microgrid').select('seq').where('id', '=', 0).executeTakeFirst();
    },
    // No other process uses the file.
    onChange: () => {},
    announce: () => {},
    close,
  };
  return sqlStore(database, { observer });
}

/** Checks that {@link openSqliteStore} could open a file. @throws DispatchError as {@link openSqlite}. */
export function checkSqliteStore(path: string): Promise<void> {
  return checkSqlite(path, FILE_KIND);
}

async function createIds(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('dispatch_id')
    .addColumn('last', 'integer', column => column.notNull())
    .execute();
  await (db as Kysely<ServiceSchema>).insertInto('dispatch_id').values({ last: 0 }).execute();
}

function sqliteDispatches(nowUs: () => number): SqlDialect {
  return {
    // Its transactions have the whole file to themselves.
    maxWriters: 1,
    addMicrogrids: async () => {},
    async lockMicrogrids(transaction, ids) {
      const query = transaction.selectFrom('microgrid').select(['id', 'seq', 'last_us as lastUs']);
      const found = new Map((await query.where('id', 'in', ids).execute()).map(row => [row.id, row]));
      return ids.map(id => ({ ...(found.get(id) ?? { id, seq: 0, lastUs: 0 }), nowUs: nowUs() }));
    },
    // Nor does any of them wait for a lock: `busy_timeout` is over the whole file, and its end a failure.
    isLockTimeout: () => false,
    isAnyOf: (value, these) => sql<SqlBool>`${value} in (select value from json_each(${JSON.stringify(these)}))`,
    containsAnyOf: (text, these) =>
      sql<SqlBool>`exists (select 1 from json_each(${JSON.stringify(these)}) where instr(${text}, value) > 0)`,
    async takeIds(transaction, count) {
      const { last } = await transaction
        .updateTable('dispatch_id')
        .set(eb => ({ last: eb('last', '+', count) }))
        .returning('last')
        .executeTakeFirstOrThrow();
      return Array.from({ length: count }, (_, index) => last - count + 1 + index);
    },
    // No other process uses the file.
    deleteAlone: (db, run) => run(db),
    logsBehind: sqliteLogs,
  };
}

function systemUs(): number {
  return Date.now() * 1000;
}
