import { ServerCredentials } from '@grpc/grpc-js';
import { Metadata } from 'nice-grpc-common';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/service/access/callLimits.js';
import { keyRing } from '../../../src/service/access/keyRing.js';
import { openPostgresStore } from '../../../src/service/store/sql/postgres/openPostgresStore.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { creation } from '../../support/dispatchRow.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { servedStore } from '../../support/servedStore.js';

const key = (name: string) => ({ name, key: name, secret: undefined, microgrids: 'all' }) as const;
const access = { keys: keyRing([key('a'), key('b')]), credentials: ServerCredentials.createInsecure() };
const as = (name: string) => ({ metadata: Metadata({ key: name }) });

describeWithPostgres('the connections of a store on PostgreSQL', () => {
  let postgres: TestPostgres;
  let database: string;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    database = await postgres.createDatabase();
  });

  async function connected() {
    const client = new pg.Client(database);
    await client.connect();
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
  }

  /** Waits until so many sessions wait for a lock. */
  async function waitingForLocks(count: number): Promise<void> {
    // In a transaction it would see the same sessions again.
    await using client = await connected();
    const waiting = async () =>
      (await client.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock'`)).rowCount;
    await expect.poll(waiting, { timeout: 10_000 }).toBe(count);
  }

  it('are not shared between reads that hang, writes, streams, health and pruning', async () => {
    await using other = await connected();
    const store = await openPostgresStore(database, { connections: { reads: 3, writes: 2 } });
    await store.apply(1, creation());
    await other.query('begin; lock table dispatch in access exclusive mode');
    const reads = Array.from({ length: 20 }, () => store.get(1, 1));
    await waitingForLocks(3);
    await store.check();
    expect(await store.head(1)).toBe(1);
    expect((await store.changes(new Map([[1, 0]]), 10)).changes).toHaveLength(1);
    expect(await store.prune(0, 10)).toBe(0);
    expect((await store.apply(1, { id: null, decide: () => null })).seq).toBe(1);
    await other.query('rollback');
    expect((await Promise.all(reads)).map(read => read?.id)).toEqual(reads.map(() => 1));
    await store.close();
  });

  it('are not all taken by slow reads of one key', async () => {
    await using other = await connected();
    const store = await openPostgresStore(database, { connections: { reads: 4, writes: 2 } });
    const id = BigInt((await store.apply(1, creation({ message: Uint8Array.of() }))).dispatch?.id ?? 0);
    const elsewhere = BigInt((await store.apply(2, creation({ message: Uint8Array.of() }))).dispatch?.id ?? 0);
    // Reads of the first microgrid wait for a lock, those of others do not.
    await other.query(`
      alter table dispatch rename to stored;
      create view dispatch as
        select * from stored where microgrid_id <> 1 or pg_advisory_xact_lock_shared(7) is not null;
      select pg_advisory_lock(7);
    `);
    const limits = { ...DEFAULT_LIMITS, readsPerKey: 2 };
    await using served = await servedStore(store, { access, limits });
    const slow = Array.from({ length: 20 }, () =>
      served.dispatches.getMicrogridDispatch({ microgridId: 1n, dispatchId: id }, as('a')),
    );
    await waitingForLocks(2);
    const read = { microgridId: 2n, dispatchId: elsewhere };
    expect(await served.dispatches.getMicrogridDispatch(read, as('b'))).toMatchObject({ microgridId: 2n });
    await waitingForLocks(2);
    await other.query('select pg_advisory_unlock(7)');
    await Promise.all(slow);
  });
});
