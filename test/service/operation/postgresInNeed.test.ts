import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDispatchService } from '../../../src/service/index.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { expectOutage } from '../../support/outage.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';

describeWithPostgres('a service on a PostgreSQL in need', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres({ settings: ['max_connections=25', 'superuser_reserved_connections=0'] });
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  async function execute(statement: string, database?: string): Promise<void> {
    const ours = { host: '127.0.0.1', port: postgres.port, user: 'postgres', database: 'postgres' };
    const client = new pg.Client(database ?? ours);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  }

  it('that is read-only goes on once it takes writes', async () => {
    const setReadOnly = async (change: string) => {
      await execute(`alter system ${change}`);
      await execute('select pg_reload_conf()');
    };
    await expectOutage(await postgres.createDatabase(), {
      begin: () => setReadOnly('set default_transaction_read_only = on'),
      end: () => setReadOnly('reset default_transaction_read_only'),
      reason: /the database is read-only/,
    });
  });

  it('that takes its rights from its role goes on once it has them again', async () => {
    const database = await postgres.createDatabase();
    await execute('create role planner login; grant all on schema public to planner', database);
    const ofPlanner = new URL(database);
    ofPlanner.username = 'planner';
    await expectOutage(ofPlanner.href, {
      begin: () => execute('revoke insert, update on all tables in schema public from planner', database),
      end: () => execute('grant insert, update on all tables in schema public to planner', database),
      reason: /permission denied/,
    });
  });

  it('whose encoding cannot hold every text is refused', async () => {
    await execute(`create database western encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'`);
    const database = new URL(await postgres.createDatabase());
    database.pathname = '/western';
    await expect(startDispatchService({ database: database.href })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(/has the encoding LATIN1: create the database with encoding UTF8$/),
    });
  });

  it('that has no connection left for writes makes do with what it has, and goes on once there are', async () => {
    const database = await postgres.createDatabase();
    const others: pg.Client[] = [];
    /** Takes every connection that there is, before the service does. */
    async function takeAll(): Promise<void> {
      for (;;) {
        const client = new pg.Client(database);
        client.on('error', () => {});
        try {
          await client.connect();
        } catch {
          return;
        }
        others.push(client);
      }
    }
    await expectOutage(database, {
      async begin() {
        await takeAll();
        // Its connection for writes is lost, and another client is faster to connect.
        const [first] = others;
        const isGone = async () => {
          // The last statement of an idle connection tells what it is for.
          const { rowCount } = await (first as pg.Client).query(`
            select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'xstate-dispatch' and query in ('commit', '')
          `);
          await takeAll();
          return rowCount === 0;
        };
        await expect.poll(isGone, { timeout: 10_000, interval: 10 }).toBe(true);
      },
      async end() {
        for (const client of others.splice(0)) await client.end();
      },
      reason: /too many clients/,
    });
  });
});
