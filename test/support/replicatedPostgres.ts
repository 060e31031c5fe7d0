import pg from 'pg';
import { resourceStack } from '../../src/service/operation/resourceStack.js';
import { eventually } from './eventually.js';
import { startPostgres } from './postgres.js';
import { tcpProxy } from './tcpProxy.js';

/** A PostgreSQL server and a standby of it, which takes its place once. */
export interface ReplicatedPostgres extends AsyncDisposable {
  /** An empty database, on whichever of the two is the primary. */
  readonly database: string;
  /** Resolves when the standby has all that is in the database now. */
  caughtUp(): Promise<void>;
  /** From now on nothing reaches the standby. */
  cutReplication(): void;
  /** Kills the primary and promotes the standby. */
  failOver(): Promise<void>;
}

/**
 * Starts both.
 *
 * @param synchronous - whether the primary confirms a commit only when the standby has it, too.
 */
export async function replicatedPostgres({ synchronous = false } = {}): Promise<ReplicatedPostgres> {
  const parts = resourceStack();
  const use = <Part extends AsyncDisposable>(part: Part): Part => {
    parts.defer('a part', () => part[Symbol.asyncDispose]());
    return part;
  };
  const primary = use(await startPostgres());
  const { pathname } = new URL(await primary.createDatabase());
  const replication = use(await tcpProxy(primary.port));
  const standby = use(await startPostgres({ standbyOf: replication.port }));
  const hosts = [primary, standby].map(({ port }) => `127.0.0.1:${port}`);

  async function caughtUp(): Promise<void> {
    const [now] = await rowsOf<{ lsn: string }>(primary.port, 'select pg_current_wal_lsn() as lsn');
    await eventually(async () => {
      const [row] = await rowsOf(standby.port, `select pg_last_wal_replay_lsn() >= '${now?.lsn}' as there`);
      if (!row?.there) throw new Error('the standby is behind');
    });
  }

  if (synchronous) {
    await caughtUp();
    await rowsOf(primary.port, `alter system set synchronous_standby_names = '*'`);
    await rowsOf(primary.port, 'select pg_reload_conf()');
  }
  return {
    database: `postgres://postgres@${hosts.join()}${pathname}`,
    caughtUp,
    cutReplication: replication.cut,
    async failOver() {
      await primary.stop();
      await rowsOf(standby.port, 'select pg_promote()');
    },
    [Symbol.asyncDispose]: parts.close,
  };
}

async function rowsOf<Row extends pg.QueryResultRow>(port: number, query: string): Promise<Row[]> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  await client.connect();
  try {
    return (await client.query<Row>(query)).rows;
  } finally {
    await client.end();
  }
}
