import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import type { DispatchStore } from '../../../src/service/domain/dispatchStore.js';
import type { ListQuery } from '../../../src/service/domain/listQuery.js';
import { changeFeed } from '../../../src/service/feed/changeFeed.js';
import { openPostgresStore } from '../../../src/service/store/sql/postgres/openPostgresStore.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { changeOf, creation } from '../../support/dispatchRow.js';
import { earlierService, restoreEarlier } from '../../support/earlierService.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';

const ALL: ListQuery = { filter: {}, sort: { column: 'createUs', descending: false } };

describeWithPostgres('on a database of the version of 24 November, a store', () => {
  let postgres: TestPostgres;
  let database: string;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    database = await postgres.createDatabase();
    await restoreEarlier(database);
  });

  async function opened() {
    const store = await openPostgresStore(database);
    return { store, [Symbol.asyncDispose]: store.close };
  }

  const idsOf = async (store: DispatchStore, microgridId: number) =>
    (await store.list(microgridId, ALL, null, 1_000, 1_000_000)).items.map(({ id }) => id);

  it('has every dispatch and every change, and goes on with their ids, numbers and times', async () => {
    await using open = await opened();
    const { store } = open;
    expect([await idsOf(store, 1), await idsOf(store, 2)]).toEqual([[1, 2], [4]]);
    const { changes } = await store.changes(new Map([[1, 0]]), 100);
    expect(changes.map(({ seq, id, kind }) => [seq, id, kind])).toEqual([
      [1, 1, 'created'],
      [2, 2, 'created'],
      [3, 1, 'updated'],
      [4, 3, 'created'],
      [5, 3, 'deleted'],
    ]);
    expect(await store.list(1, { ...ALL, filter: { active: false } }, null, 10, 1_000_000)).toMatchObject({ total: 1 });
    const applied = await store.apply(1, creation());
    expect(applied).toMatchObject({ seq: 6, dispatch: { id: 5 } });
    const [after] = (await store.changes(new Map([[1, 5]]), 100)).changes;
    expect(after?.atUs).toBeGreaterThan(changes.at(-1)?.atUs ?? Number.POSITIVE_INFINITY);
  });

  it('writes and streams beside a service of that version: without a gap, a double or a lost update', async () => {
    // It runs on when the first service of this version has changed the schema.
    await using earlier = await earlierService(database);
    await using open = await opened();
    const { store } = open;
    const feed = changeFeed(store, silentLogger);
    const stream = await feed.open(1, new AbortController().signal);
    const created: number[] = [];
    const rounds = Array.from({ length: 40 }, (_, round) => round);
    async function writeEarlier(): Promise<void> {
      for (const round of rounds) {
        const id = await earlier.create(1 + (round % 2));
        if (round % 2 === 0) created.push(id);
      }
    }
    const writeNow = async (round: number) => {
      const { dispatch } = await store.apply(1, creation());
      created.push(dispatch?.id ?? 0);
      await store.apply(2, creation());
      if (round % 4 === 0) await store.apply(1, changeOf(dispatch?.id ?? 0, 'updated'));
    };
    await Promise.all([writeEarlier(), ...rounds.map(writeNow)]);

    const count = 20 + 40 + 10;
    expect(await store.head(1)).toBe(5 + count);
    const seen = await earlier.changes(1, 5);
    expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, index) => 6 + index));
    for (const { seq, id } of seen) expect(await stream.next()).toMatchObject({ seq, id });
    feed.stop();
    const kept = (await idsOf(store, 1)).filter(id => id > 4);
    expect(kept.sort((a, b) => a - b)).toEqual(created.sort((a, b) => a - b));
    await expect.poll(() => [...earlier.told].sort(), { timeout: 10_000 }).toEqual([1, 2]);
  });

  it('is told of changes by a service of that version', async () => {
    await using earlier = await earlierService(database);
    await using open = await opened();
    const told: number[] = [];
    open.store.onWake(microgridIds => told.push(...(microgridIds ?? [])));
    await expect
      .poll(() => earlier.create(7).then(() => told), { timeout: 10_000 })
      .toEqual(expect.arrayContaining([7]));
  });
});
