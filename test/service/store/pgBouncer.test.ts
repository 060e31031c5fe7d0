import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import type { DispatchStore } from '../../../src/service/domain/dispatchStore.js';
import { changeFeed } from '../../../src/service/feed/changeFeed.js';
import { openPostgresStore } from '../../../src/service/store/sql/postgres/openPostgresStore.js';
import { creation } from '../../support/dispatchRow.js';
import { keptLog } from '../../support/keptLog.js';
import { describeWithPgBouncer, startPgBouncer, type TestPgBouncer } from '../../support/pgBouncer.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { tcpProxy } from '../../support/tcpProxy.js';

const DEAF = 'change notifications do not arrive, as behind a pooler; polling more often';

describeWithPgBouncer('a store behind PgBouncer', () => {
  let postgres: TestPostgres;
  let pooler: TestPgBouncer;
  beforeAll(async () => {
    postgres = await startPostgres();
    pooler = await startPgBouncer(postgres);
  });
  afterAll(async () => {
    await pooler[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
  });

  async function opened(url: string) {
    const { entries, logger } = keptLog();
    const store = await openPostgresStore(url, { logger });
    const said = (message: string) => entries.filter(entry => entry.message === message).length;
    return { store, said, [Symbol.asyncDispose]: store.close };
  }

  /** How often it wakes everybody within some time. */
  async function wakesWithin(store: DispatchStore, ms: number): Promise<number> {
    let count = 0;
    const leave = store.onWake(microgridIds => {
      if (microgridIds === null) count += 1;
    });
    await new Promise(resolve => setTimeout(resolve, ms));
    leave();
    return count;
  }

  // At the same time: most of the time they wait.
  it.concurrent('notices that notifications do not arrive, says so once, and looks more often', async () => {
    const database = await postgres.createDatabase();
    await using proxy = await tcpProxy(Number(new URL(pooler.through(database)).port));
    const through = new URL(database);
    through.port = String(proxy.port);
    await using pooled = await opened(through.href);
    await expect.poll(() => pooled.said(DEAF), { timeout: 10_000 }).toBe(1);
    proxy.end('reset');
    await expect.poll(() => pooled.said('receiving change notifications again'), { timeout: 10_000 }).toBe(1);
    // Longer than it takes to notice.
    expect(await wakesWithin(pooled.store, 2_500)).toBeGreaterThan(4);
    expect(pooled.said(DEAF)).toBe(1);
  });

  it.concurrent('hears without a pooler, and looks no more often', async () => {
    const database = await postgres.createDatabase();
    await using direct = await opened(database);
    await direct.store.apply(1, creation());
    await expect.poll(() => wakesWithin(direct.store, 3_000), { timeout: 10_000 }).toBe(0);
    expect(direct.said(DEAF)).toBe(0);
  });

  it('gives its streams each change once and in order, whichever store made it', async () => {
    const database = await postgres.createDatabase();
    await using one = await opened(pooler.through(database));
    await using other = await opened(database);
    const feed = changeFeed(one.store, silentLogger);
    const stream = await feed.open(1, new AbortController().signal);
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? one : other).store.apply(1, creation())),
    );
    for (let seq = 1; seq <= 200; seq += 1) expect((await stream.next()).seq).toBe(seq);
    feed.stop();
  });

  it.each([
    ['refuses', []],
    ['ignores', ['ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout']],
  ])('has limits of time, which a pooler %s for sessions, in each transaction', async (_, settings) => {
    const database = await postgres.createDatabase();
    await using another = await startPgBouncer(postgres, ...settings);
    await using pooled = await opened(another.through(database));
    const { dispatch } = await pooled.store.apply(1, creation());
    await execute(
      database,
      `alter table dispatch rename to stored;
       create view dispatch as
         select id, microgrid_id,
           convert_to(current_setting('lock_timeout') || ' ' || current_setting('statement_timeout'), 'UTF8') as message
         from stored`,
    );
    const limits = (await pooled.store.get(1, dispatch?.id ?? 0))?.message;
    expect(Buffer.from(limits ?? []).toString()).toBe('8s 12s');
  });

  it('goes on after a statement that the database refuses', async () => {
    const database = await postgres.createDatabase();
    await using pooled = await opened(pooler.through(database));
    await expect(pooled.store.apply(1, creation({ startS: null as never }))).rejects.toMatchObject({ code: '23502' });
    await expect(pooled.store.get(1, 1.5)).rejects.toMatchObject({ code: '22P02' });
    // What somebody has changed is no fault of the statement.
    await execute(database, 'alter table dispatch rename to stored');
    await expect(pooled.store.get(1, 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await execute(database, 'alter table stored rename to dispatch');
    expect(await pooled.store.get(1, 1)).toBeNull();
    expect((await pooled.store.apply(1, creation())).seq).toBe(1);
  });
});

async function execute(database: string, sql: string): Promise<void> {
  const client = new pg.Client(database);
  await client.connect();
  await client.query(sql);
  await client.end();
}
