import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Metadata, Status } from 'nice-grpc-common';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { DispatchStore, DispatchWrite } from '../../../src/service/domain/dispatchStore.js';
import { openPostgresStore } from '../../../src/service/store/sql/postgres/openPostgresStore.js';
import { countLogs } from '../../support/countLogs.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { changeOf, creation } from '../../support/dispatchRow.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { startProgram } from '../../support/program.js';
import { dispatchData } from '../../support/rawService.js';
import { servedStore } from '../../support/servedStore.js';

describeWithPostgres('writes while another process has locked a microgrid', () => {
  let postgres: TestPostgres;
  let database: string;
  let store: DispatchStore;
  let other: pg.Client;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    database = await postgres.createDatabase();
    store = await openPostgresStore(database);
    other = new pg.Client(database);
    await other.connect();
    await store.apply(1, creation());
    await other.query('BEGIN');
    await other.query('SELECT FROM microgrid WHERE id = 1 FOR UPDATE');
  });
  afterEach(async () => {
    await other.end();
    await store.close();
  });

  const unlock = () => other.query('ROLLBACK');
  const heads = () => Promise.all([1, 2, 3].map(store.head));
  const withNonce = (id: string): Partial<DispatchWrite> => ({ nonce: { id, untilUs: (Date.now() + 60_000) * 1000 } });

  it('are made at once when they are of other microgrids, also when they come together with one of it', async () => {
    let isMade = false;
    const waiting = store.apply(1, creation()).then(() => {
      isMade = true;
    });
    for (let round = 0; round < 30; round += 1) {
      await Promise.all([store.apply(2, creation()), store.apply(3, creation())]);
    }
    expect(isMade).toBe(false);
    expect(await heads()).toEqual([1, 30, 30]);
    await unlock();
    await waiting;
    expect(await heads()).toEqual([2, 30, 30]);
  });

  it('are told before their deadline that nothing was changed, and can be repeated, with the same nonce', async () => {
    const write = () => store.apply(1, { ...creation(), ...withNonce('a'), deadlineMs: Date.now() + 1_200 });
    await expect(write()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'microgrid 1 is locked by another process: nothing was changed',
    });
    await unlock();
    expect((await write()).seq).toBe(2);
    await expect(write()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('are not made any more when their caller has gone', async () => {
    const gone = new AbortController();
    setMaxListeners(0, gone.signal);
    const dropped = Array.from({ length: 300 }, () => store.apply(1, { ...creation(), signal: gone.signal }));
    const ended = Promise.allSettled(dropped);
    const kept = store.apply(1, creation());
    await store.apply(2, creation());
    gone.abort();
    expect(new Set((await ended).map(({ status }) => status))).toEqual(new Set(['rejected']));
    await unlock();
    expect((await kept).seq).toBe(2);
  });

  it('reach callers as UNAVAILABLE with their own deadline', async () => {
    await using served = await servedStore({ ...store, close: async () => {} });
    const create = (timeoutMs: number) =>
      served.dispatches.createMicrogridDispatch(
        { microgridId: 1n, dispatchData: dispatchData() },
        { metadata: Metadata({ 'grpc-timeout': `${timeoutMs}m` }) },
      );
    await expect(create(1_500)).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      details: 'microgrid 1 is locked by another process: nothing was changed',
    });
    await unlock();
    await create(60_000);
    expect(await store.head(1)).toBe(2);
  });

  it('are made when they are of other microgrids, also when it is a dispatch that is locked', async () => {
    await unlock();
    const locked = await Promise.all([1, 2, 3, 4].map(id => store.apply(id, creation())));
    const ids = locked.map(({ dispatch }) => dispatch?.id as number);
    await other.query('BEGIN');
    await other.query('SELECT FROM dispatch WHERE id = ANY($1) FOR UPDATE', [ids]);
    let madeCount = 0;
    const blocked = ids.map(async (id, index) => {
      await store.apply(index + 1, changeOf(id, 'updated'));
      madeCount += 1;
    });
    // The first ones share a transaction with those.
    for (let round = 0; round < 10; round += 1) await Promise.all([50, 51, 52].map(id => store.apply(id, creation())));
    expect(madeCount).toBe(0);
    await unlock();
    await Promise.all(blocked);
    expect(await Promise.all([50, 51, 52].map(store.head))).toEqual([10, 10, 10]);
  });

  it('wait for a table that is locked, and go on together afterwards', async () => {
    await unlock();
    await other.query('BEGIN');
    await other.query('LOCK TABLE dispatch IN ACCESS EXCLUSIVE MODE');
    const writes = Promise.all(Array.from({ length: 100 }, (_, index) => store.apply(100 + index, creation())));
    await setTimeout(1_000);
    await unlock();
    await writes;
    expect(await store.head(150)).toBe(1);
  });

  it('find a microgrid again whose row has gone with a database that was replaced', async () => {
    await unlock();
    await other.query('TRUNCATE microgrid, dispatch, dispatch_target, dispatch_change');
    expect((await store.apply(1, creation())).seq).toBe(1);
  });
});

describeWithPostgres('the writes of several processes', () => {
  it('of the same few microgrids are all confirmed, in order, without a gap or a deadlock', async () => {
    await using postgres = await startPostgres();
    const database = await postgres.createDatabase();
    const processes = Array.from({ length: 3 }, () =>
      startProgram(`
        import { writeForSomeTime } from './test/bench/writeTasks.js';
        const groups = [{ callers: 16, from: 1, to: 6 }, { callers: 4, from: 1, to: 1 }];
        const task = { database: ${JSON.stringify(database)}, startAtMs: Date.now(), durationMs: 2_000, groups };
        const samples = (await writeForSomeTime(task)).flat();
        console.log(JSON.stringify(samples.map(([, , confirmed]) => confirmed)));
      `),
    );
    const confirmed: boolean[] = (
      await Promise.all(
        processes.map(async program => {
          const { stdout, stderr } = await program.ended;
          expect(stderr).toBe('');
          return JSON.parse(stdout);
        }),
      )
    ).flat();
    expect(new Set(confirmed)).toEqual(new Set([true]));
    const client = new pg.Client(database);
    await client.connect();
    try {
      expect(await countLogs(client)).toEqual({ changes: confirmed.length, outOfOrder: 0 });
      const { rows } = await client.query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
      expect(rows).toEqual([{ deadlocks: '0' }]);
    } finally {
      await client.end();
    }
  });
});
