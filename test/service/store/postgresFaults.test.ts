import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import type { DispatchStore } from '../../../src/service/domain/dispatchStore.js';
import type { ListQuery } from '../../../src/service/domain/listQuery.js';
import { changeFeed } from '../../../src/service/feed/changeFeed.js';
import { openPostgresStore } from '../../../src/service/store/sql/postgres/openPostgresStore.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { changeOf, creation } from '../../support/dispatchRow.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { postgresPlace, type StorePlace } from '../../support/stores.js';
import { tcpProxy } from '../../support/tcpProxy.js';

const ALL: ListQuery = { filter: {}, sort: { column: 'createUs', descending: false } };
const { signal } = new AbortController();

describeWithPostgres('several stores on one PostgreSQL', () => {
  let postgres: TestPostgres;
  let place: StorePlace;
  let stores: DispatchStore[];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    place = await postgresPlace(postgres);
    stores = [];
  });
  afterEach(async () => {
    await Promise.all(stores.map(store => store.close()));
  });

  async function open(database = place.database): Promise<DispatchStore> {
    const store = await openPostgresStore(database);
    stores.push(store);
    return store;
  }

  async function feedOf(store: DispatchStore) {
    const feed = changeFeed(store, silentLogger);
    return { feed, stream: await feed.open(1, signal), [Symbol.dispose]: feed.stop };
  }

  const total = async (store: DispatchStore) => (await store.list(1, ALL, null, 1, 1)).total;
  const endConnections = (condition: string) =>
    place.execute(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'xstate-dispatch' AND ${condition}
    `);

  it('are opened at the same moment on an empty database', async () => {
    const opened = await Promise.all(Array.from({ length: 4 }, () => open()));
    const applied = await Promise.all(opened.map(store => store.apply(1, creation())));
    expect(applied.map(({ seq }) => seq).sort()).toEqual([1, 2, 3, 4]);
  });

  it('wake each other', async () => {
    const [one, other] = [await open(), await open()];
    const woken = new Promise(resolve => {
      // The first wake-up comes when it begins to listen.
      one.onWake(microgridIds => microgridIds && resolve(microgridIds));
    });
    await other.apply(7, creation());
    expect(await woken).toEqual([7]);
  });

  it('write the same microgrids at once: without a gap, a double, a lost update or a deadlock', async () => {
    const [one, other] = [await open(), await open()];
    const microgridIds = [1, 2, 3, 4, 5];
    const ids = new Map<number, number>();
    for (const microgridId of microgridIds) {
      const { dispatch } = await one.apply(microgridId, creation({ message: Uint8Array.of(0) }));
      ids.set(microgridId, dispatch?.id ?? 0);
    }
    const increment = (store: DispatchStore, microgridId: number) => {
      const id = ids.get(microgridId) ?? 0;
      return store.apply(microgridId, {
        id,
        decide: (old, stamp) =>
          changeOf(id, 'updated', { message: Uint8Array.of((old?.message[0] ?? 0) + 1) }).decide(old, stamp),
      });
    };
    const rounds = Array.from({ length: 40 }, (_, index) => index);
    await Promise.all(
      [one, other].flatMap((store, which) =>
        rounds.flatMap(round =>
          // In another order each time, so that locks taken in the order of calls would cross.
          microgridIds.map((_, index) => increment(store, microgridIds[(index * (which + 1) + round) % 5] ?? 0)),
        ),
      ),
    );
    for (const microgridId of microgridIds) {
      expect((await other.get(microgridId, ids.get(microgridId) ?? 0))?.message[0]).toBe(80);
      const { changes } = await one.changes(new Map([[microgridId, 0]]), 1000);
      expect(changes.map(({ seq }) => seq)).toEqual(Array.from({ length: 81 }, (_, index) => index + 1));
      expect(changes.every(({ atUs }, index) => index === 0 || atUs > (changes[index - 1]?.atUs ?? 0))).toBe(true);
    }
  });

  it('give their streams each change once and in order, whichever wrote it', async () => {
    const [one, other] = [await open(), await open()];
    using reading = await feedOf(one);
    await Promise.all(Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? one : other).apply(1, creation())));
    for (let seq = 1; seq <= 400; seq += 1) expect((await reading.stream.next()).seq).toBe(seq);
  });

  it('delete what has expired at the same moment: each row once, and none fails', async () => {
    const opened = [await open(), await open()];
    await Promise.all(Array.from({ length: 400 }, (_, index) => opened[0]?.apply(1 + (index % 4), creation())));
    // The last entry of each log stays.
    let left = 396;
    await Promise.all(
      opened.map(async store => {
        while (left > 0) {
          const count = await store.prune(Number.MAX_SAFE_INTEGER, 10);
          left -= count;
        }
      }),
    );
    expect(left).toBe(0);
  });

  it('delete nothing while another process is deleting', async () => {
    const store = await open();
    for (let count = 0; count < 3; count += 1) await store.apply(1, creation());
    const other = new pg.Client(place.database);
    await other.connect();
    await other.query(`begin; select pg_advisory_xact_lock(x'58445350'::int)`);
    const all = Number.MAX_SAFE_INTEGER;
    expect([await store.prune(all, 10), await store.pruneAudit(all, 10), await store.deleteExpired(all, 10)]).toEqual([
      0, 0, 0,
    ]);
    await other.query('rollback');
    await other.end();
    expect(await store.prune(all, 10)).toBe(2);
  });

  it('learn of changes that nobody announced', async () => {
    using reading = await feedOf(await open());
    await place.execute(`
      INSERT INTO microgrid (id, seq, last_us) VALUES (1, 1, 1);
      INSERT INTO dispatch_change (microgrid_id, seq, dispatch_id, kind, at_us, message) VALUES (1, 1, 9, 'created', 1, '');
    `);
    expect(await reading.stream.next()).toMatchObject({ seq: 1, id: 9, kind: 'created' });
  });

  it('listen again when their connection was cut, and miss nothing of what came between', async () => {
    const [one, other] = [await open(), await open()];
    using reading = await feedOf(one);
    for (let cut = 0; cut < 2; cut += 1) {
      const listening = new Promise<void>(resolve => {
        const leave = one.onWake(microgridIds => {
          if (microgridIds !== null) return;
          leave();
          resolve();
        });
      });
      await endConnections(`query LIKE 'listen%'`);
      await other.apply(1, creation());
      await listening;
      await other.apply(1, creation());
    }
    for (let seq = 1; seq <= 4; seq += 1) expect((await reading.stream.next()).seq).toBe(seq);
  });

  it('go on when the database goes away and comes back: streams stay, calls are UNAVAILABLE meanwhile', async () => {
    const store = await open();
    using reading = await feedOf(store);
    await store.apply(1, creation());
    await postgres.stop();
    try {
      await expect(store.apply(1, creation())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(store.get(1, 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(store.list(1, ALL, null, 1, 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    } finally {
      await postgres.start();
    }
    await store.apply(1, creation());
    expect([(await reading.stream.next()).seq, (await reading.stream.next()).seq]).toEqual([1, 2]);
  });

  it('tell that the outcome is unknown when the answer to a commit is lost, and go on', async () => {
    await using proxy = await tcpProxy(postgres.port);
    const behind = new URL(place.database);
    behind.port = String(proxy.port);
    const [store, witness] = [await open(behind.href), await open()];
    const lost = proxy.cutAtAnswerTo('commit\0');
    await expect(store.apply(1, creation())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the database did not confirm the change: whether it was made is not known',
    });
    await lost;
    expect(await total(witness)).toBe(1);
    expect((await store.apply(1, creation())).seq).toBe(2);
  });

  it('change nothing when the connection is lost before the commit', async () => {
    await using proxy = await tcpProxy(postgres.port);
    const behind = new URL(place.database);
    behind.port = String(proxy.port);
    const store = await open(behind.href);
    const lost = proxy.cutAtAnswerTo('insert into "dispatch"');
    await expect(store.apply(1, creation())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the database failed',
    });
    await lost;
    expect(await total(store)).toBe(0);
    expect((await store.apply(1, creation())).seq).toBe(1);
  });

  it('close when the database has fallen silent', async () => {
    await using proxy = await tcpProxy(postgres.port);
    const behind = new URL(place.database);
    behind.port = String(proxy.port);
    const store = await openPostgresStore(behind.href);
    await store.apply(1, creation());
    await store.get(1, 1);
    const reading = store.get(1, 1).catch(error => error);
    proxy.freeze();
    await store.close();
    expect(await reading).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('survive the loss of any connection at any moment', async () => {
    const store = await open();
    let done = false;
    const acknowledged: number[] = [];
    const writing = Array.from({ length: 8 }, async () => {
      while (!done) {
        await store.apply(1, creation()).then(
          ({ dispatch }) => acknowledged.push(dispatch?.id ?? 0),
          error => expect(error).toMatchObject({ code: 'UNAVAILABLE' }),
        );
      }
    });
    for (let count = 0; count < 30; count += 1) await endConnections('true');
    done = true;
    await Promise.all(writing);
    const { changes } = await store.changes(new Map([[1, 0]]), 100_000);
    expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, index) => index + 1));
    const created = new Set(changes.map(({ id }) => id));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter(id => !created.has(id))).toEqual([]);
    expect(created.size).toBe(changes.length);
  });
});

describeWithPostgres('openPostgresStore', () => {
  it('tells in one line what is wrong with an address, and never the password', async () => {
    await using postgres = await startPostgres();
    const at = (rest: string) => `postgres://someone:the-password@127.0.0.1:${rest}`;
    const failures = [
      [at('1/dispatches'), 'UNAVAILABLE', 'cannot use postgres://127.0.0.1:1/dispatches: connect ECONNREFUSED'],
      [at(`${postgres.port}/postgres`), 'UNAVAILABLE', 'role "someone" does not exist'],
      [`postgres://postgres:the-password@127.0.0.1:${postgres.port}/none`, 'UNAVAILABLE', '"none" does not exist'],
      ['postgres://someone:the-password@[::/x', 'INVALID_ARGUMENT', 'must be an address such as postgres://'],
      [at('99999/x'), 'INVALID_ARGUMENT', 'must be an address such as postgres://'],
    ] as const;
    for (const [database, code, message] of failures) {
      const failure = await openPostgresStore(database).then(
        () => null,
        (error: Error) => error,
      );
      expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
      expect(failure?.message).not.toContain('the-password');
      expect(failure?.message).not.toContain('\n');
    }
  });
});
