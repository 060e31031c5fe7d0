import { Kysely, PostgresDialect, type SqlBool, sql } from 'kysely';

import { type Logger, silentLogger } from '../../../../logger.js';
import { DispatchError } from '../../../../model/dispatchError.js';
import { databaseFailure } from '../../../../sqlite/databaseFailure.js';
import { migrate } from '../../../../sqlite/migrate.js';
import type { DispatchStore, StoreOptions } from '../../../domain/dispatchStore.js';
import { DEFAULT_CONNECTIONS, type EffectiveCounts } from '../../connectionCounts.js';
import { migrations, type ServiceSchema } from '../schema.js';
import type { SqlDatabase, SqlDialect } from '../sqlDialect.js';
import { sqlStore } from '../sqlStore.js';
import { microgridLocks } from './microgridLocks.js';
import { postgresHosts } from './postgresHosts.js';
import { postgresLogs } from './postgresLogs.js';
import { postgresNotifications } from './postgresNotifications.js';
import { isLockTimeout, type PostgresConnections } from './postgresPool.js';
import { type PostgresServer, postgresServer, reasonOf } from './postgresServer.js';

/** The advisory lock of the process that deletes: `XDSP`. The database is used for nothing else. */
const DELETING = 0x58445350;

/** Time for which a transaction of writes waits for a lock that another session has, so that it does not delay others for long. */
const WRITE_LOCK_MS = 250;

/** Options of a store in PostgreSQL. */
export interface PostgresStoreOptions extends StoreOptions {
  /** @default those of `ConnectionCounts` */
  readonly connections?: EffectiveCounts | undefined;
  /**
   * Where it logs the state of its connection.
   *
   * @default silent
   */
  readonly logger?: Logger | undefined;
}

/**
 * Opens a {@link DispatchStore} in a PostgreSQL database, which any number of processes may use.
 *
 * @param url - `postgres://user:password@host:port/database`; the database must exist, and be used for nothing else.
 * @throws DispatchError INVALID_ARGUMENT when the address is malformed, UNAVAILABLE when the database cannot be used,
 * FAILED_PRECONDITION when its schema is newer than this version, or its encoding is not UTF-8. No message contains the password.
 */
export async function openPostgresStore(
  url: string,
  { nowUs, observer, connections = DEFAULT_CONNECTIONS, logger = silentLogger }: PostgresStoreOptions = {},
): Promise<DispatchStore> {
  const hosts = postgresHosts(url);
  const { name } = hosts;
  let server: PostgresServer | undefined;
  try {
    server = await postgresServer(hosts);
    return await openOn(server);
  } catch (error) {
    await server?.close();
    throw startError(name, error);
  }

  async function openOn(server: PostgresServer): Promise<DispatchStore> {
    const over = (pool: PostgresConnections) => new Kysely<ServiceSchema>({ dialect: new PostgresDialect({ pool }) });
    const upkeep = over(server.single);
    await checkEncoding(upkeep, name);
    await migrate(upkeep, migrations({ integer: 'bigint', bytes: 'bytea', createIds }), name);
    const health = over(server.pool({ max: 1, min: 1 }));
    const writing = server.pool({ max: connections.writes, min: 1 }, { lock_timeout: WRITE_LOCK_MS });
    const reading = server.pool({ max: connections.reads, min: 1 });
    const following = server.pool({ max: 2, min: 1 });
    const reads = over(reading);
    let onChange: (microgridIds: readonly number[] | null) => void = () => {};
    const wakes = postgresNotifications({
      server,
      sendTest: channel => sql`select pg_notify(${channel}, '')`.execute(upkeep),
      onChange: ids => onChange(ids),
      logger,
    });
    const database: SqlDatabase = {
      name,
      db: over(writing),
      reads,
      find: async query => (await reads.executeQuery(query)).rows[0],
      log: over(following),
      upkeep,
      dialect: postgresDispatches(connections.writes, nowUs),
      async check() {
        // So that each has one when the server has none left.
        for (const pool of [writing, reading, following]) await pool.ensureConnected();
        await checkWritable(health);
      },
      onChange: listener => {
        onChange = listener;
      },
      announce: wakes.announce,
      async close() {
        await Promise.all([wakes.close(), server.close()]);
      },
    };
    return sqlStore(database, { observer });
  }
}

/** Another encoding cannot hold every text that the contract allows. `SQL_ASCII` keeps UTF-8 as it comes. */
async function checkEncoding(db: Kysely<ServiceSchema>, name: string): Promise<void> {
  const { encoding } = await db
    .selectNoFrom(sql<string>`current_setting('server_encoding')`.as('encoding'))
    .executeTakeFirstOrThrow();
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return;
  const message = `${name} has the encoding ${encoding}: create the database with encoding UTF8`;
  throw new DispatchError('FAILED_PRECONDITION', message);
}

/** A primary that was made read-only, and a standby, answer reads only. */
async function checkWritable(db: Kysely<ServiceSchema>): Promise<void> {
  const row = await db
    .selectNoFrom(eb => [
      sql<string>`current_setting('transaction_read_only')`.as('read_only'),
      eb.selectFrom('microgrid').select('seq').where('id', '=', 0).as('seq'),
    ])
    .executeTakeFirstOrThrow();
  if (row.read_only === 'on') throw databaseFailure(new Error('the database is read-only'));
}

async function createIds(db: Kysely<unknown>): Promise<void> {
  await sql`create sequence dispatch_id`.execute(db);
}

function postgresDispatches(maxWriters: number, nowUs: (() => number) | undefined): SqlDialect {
  return {
    maxWriters,
    ...microgridLocks(nowUs),
    isLockTimeout: error => error instanceof DispatchError && isLockTimeout(error.cause),
    isAnyOf: (value, these) => sql<SqlBool>`${value} = any(${these})`,
    containsAnyOf: (text, these) =>
      sql<SqlBool>`exists (select 1 from unnest(${these}::text[]) as part where strpos(${text}, part) > 0)`,
    async takeIds(transaction, count) {
      const { rows } = await sql<{ id: number }>`
        select nextval('dispatch_id') as id from generate_series(1, ${count})
      `.execute(transaction);
      return rows.map(row => row.id);
    },
    deleteAlone: (db, run) =>
      db.transaction().execute(async transaction => {
        const { rows } = await sql<{ free: boolean }>`
          select pg_try_advisory_xact_lock(${DELETING}) as free
        `.execute(transaction);
        return rows[0]?.free ? run(transaction) : 0;
      }),
    logsBehind: postgresLogs,
  };
}

/**
 * Checks that a PostgreSQL database answers, and changes nothing.
 *
 * @throws DispatchError INVALID_ARGUMENT when the address is malformed, UNAVAILABLE when it does not answer.
 */
export async function checkPostgres(url: string): Promise<void> {
  const hosts = postgresHosts(url);
  try {
    await (await postgresServer(hosts)).close();
  } catch (error) {
    throw startError(hosts.name, error);
  }
}

function startError(name: string, error: unknown): DispatchError {
  if (error instanceof DispatchError && error.code !== 'UNAVAILABLE') return error;
  const cause = error instanceof DispatchError ? error.cause : error;
  return new DispatchError('UNAVAILABLE', `cannot use ${name}: ${reasonOf(cause)}`, { cause });
}
