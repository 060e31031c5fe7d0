import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import { postgresHosts } from '../../../src/service/store/sql/postgres/postgresHosts.js';
import { postgresNotifications } from '../../../src/service/store/sql/postgres/postgresNotifications.js';
import { postgresServer } from '../../../src/service/store/sql/postgres/postgresServer.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';

type Heard = readonly number[] | null;

/** The notifications of one process. */
async function listening(database: string) {
  const heard: Heard[] = [];
  const waiting: ((heard: Heard) => void)[] = [];
  const server = await postgresServer(postgresHosts(database));
  const client = server.client();
  await client.connect();
  const notifications = postgresNotifications({
    server,
    sendTest: channel => client.query(`notify ${channel}`),
    onChange(microgridIds) {
      heard.push(microgridIds);
      for (const resolve of waiting.splice(0)) resolve(microgridIds);
    },
    logger: silentLogger,
  });
  const next = () => new Promise<Heard>(resolve => waiting.push(resolve));
  // The first one says that it listens.
  await next();
  heard.length = 0;
  return {
    ...notifications,
    heard,
    next,
    async [Symbol.asyncDispose]() {
      await notifications.close();
      await client.end();
      await server.close();
    },
  };
}

describeWithPostgres('postgresNotifications', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('collects what is announced within some milliseconds, and tells everybody but itself', async () => {
    const database = await postgres.createDatabase();
    await using one = await listening(database);
    await using other = await listening(database);
    const next = other.next();
    one.announce([1, 2]);
    one.announce([2, 3]);
    expect(await next).toEqual([1, 2, 3]);
    expect([one.heard, other.heard]).toEqual([[], [[1, 2, 3]]]);
  });

  it('names no microgrids when they are more than a notification holds', async () => {
    const database = await postgres.createDatabase();
    await using one = await listening(database);
    await using other = await listening(database);
    const next = other.next();
    one.announce(Array.from({ length: 1_000 }, (_, index) => 1_000_000_000 + index));
    expect(await next).toBeNull();
  });

  it('announces what was committed while its connection was lost once it is back', async () => {
    const database = await postgres.createDatabase();
    await using one = await listening(database);
    await using other = await listening(database);
    const back = one.next();
    await endListening(database);
    const next = other.next();
    one.announce([7]);
    await back;
    expect(await next).toEqual([7]);
  });
});

/** Ends the connection that has listened longest. */
async function endListening(database: string): Promise<void> {
  const client = new pg.Client(database);
  await client.connect();
  await client.query(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like 'listen%' order by backend_start limit 1`);
  await client.end();
}
