import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DispatchRow, DispatchStore, StoredDispatch } from '../../../src/service/domain/dispatchStore.js';
import type { ListPlace, ListQuery } from '../../../src/service/domain/listQuery.js';
import { changeOf, creation, dispatchRow } from '../../support/dispatchRow.js';
import { oracleList, queryArbitrary, rowArbitrary, withIdsOf } from '../../support/listOracle.js';

const ALL: ListQuery = { filter: {}, sort: { column: 'createUs', descending: true } };
const MEGABYTE = 1_000_000;

/** A store to test, with the clock it reads. */
export type StoreFactory = (nowUs: () => number) => Promise<DispatchStore> | DispatchStore;

/** Fixes how every dispatch store filters, sorts and pages. */
export function describeStoreLists(openStore: StoreFactory): void {
  describe('lists', () => {
    let store: DispatchStore;
    beforeEach(async () => {
      store = await openStore(Date.now);
    });
    afterEach(() => store.close());

    const create = async (microgridId: number, overrides: Partial<DispatchRow> = {}): Promise<StoredDispatch> => {
      const { dispatch } = await store.apply(microgridId, creation(overrides));
      if (!dispatch) throw new Error('the store created nothing');
      return dispatch;
    };

    it('cuts a page at the byte limit, but never before the first item', async () => {
      for (let count = 0; count < 3; count += 1) await create(1, { message: new Uint8Array(100) });
      const sizes = async (maxBytes: number) => (await store.list(1, ALL, null, 10, maxBytes)).items.length;
      expect([await sizes(99), await sizes(100), await sizes(200), await sizes(299), await sizes(300)]).toEqual([
        1, 1, 2, 2, 3,
      ]);
    });

    it('has no next place behind the last item', async () => {
      await create(1);
      await create(1);
      expect((await store.list(1, ALL, null, 2, MEGABYTE)).next).toBeNull();
      expect((await store.list(1, ALL, null, 1, MEGABYTE)).next).not.toBeNull();
    });

    it('goes on behind an item that was deleted meanwhile', async () => {
      const ids = [await create(1), await create(1), await create(1)].map(({ id }) => id);
      const ascending: ListQuery = { ...ALL, sort: { column: 'createUs', descending: false } };
      const first = await store.list(1, ascending, null, 2, MEGABYTE);
      await store.apply(1, changeOf(ids[1] ?? 0, 'deleted'));
      const second = await store.list(1, ascending, first.next, 2, MEGABYTE);
      expect(second.items.map(({ id }) => id)).toEqual([ids[2]]);
    });

    it('counts once: each place has the total of the first page', async () => {
      for (let count = 0; count < 3; count += 1) await create(1);
      const first = await store.list(1, ALL, null, 1, MEGABYTE);
      await create(1);
      const second = await store.list(1, ALL, first.next, 1, MEGABYTE);
      expect([first.total, first.next?.total, second.total, second.next?.total]).toEqual([3, 3, 3, 3]);
      const last = await store.list(1, ALL, second.next, 1, MEGABYTE);
      expect(last.total).toBe(3);
      // As earlier versions gave it out.
      const { value = 0, id = 0 } = first.next ?? {};
      const counted = await store.list(1, ALL, { value, id }, 10, MEGABYTE);
      expect([counted.items.length, counted.total]).toEqual([2, 4]);
      expect((await store.list(1, ALL, { value: 0, id: 0 }, 10, MEGABYTE)).total).toBe(4);
    });

    it('finds a dispatch by the components that it has now', async () => {
      const { id } = await create(1, { targetKeys: ['i:1', 'i:2'] });
      await store.apply(1, changeOf(id, 'updated', { targetKeys: ['i:2', 'i:3'] }));
      const total = async (key: string) =>
        (await store.list(1, { ...ALL, filter: { targetKeys: [key] } }, null, 1, MEGABYTE)).total;
      expect([await total('i:1'), await total('i:2'), await total('i:3')]).toEqual([0, 1, 1]);
      await store.apply(1, changeOf(id, 'deleted'));
      expect(await total('i:2')).toBe(0);
    });

    it('takes filters of any size', async () => {
      const { id } = await create(1, { targetKeys: ['i:7'], type: 'CHARGE' });
      const ids = Array.from({ length: 100_000 }, (_, index) => index);
      const texts = Array.from({ length: 5_000 }, (_, index) => `TEXT ${index}`);
      const filter = { ids: [...ids, id], targetKeys: [...ids.map(index => `c:${index}`), 'i:7'] };
      const total = async (more: object) =>
        (await store.list(1, { ...ALL, filter: { ...filter, ...more } }, null, 1, MEGABYTE)).total;
      expect(await total({})).toBe(1);
      expect(await total({ queries: { ids: [], texts } })).toBe(0);
      expect(await total({ queries: { ids: [], texts: [...texts, 'HARG'] } })).toBe(1);
      expect(await total({ queries: { ids: [...ids, id], texts } })).toBe(1);
    });

    it('gives pages of one moment: items and total agree while dispatches are created', async () => {
      let done = false;
      const creating = (async () => {
        for (let count = 0; count < 50; count += 1) await create(1);
        done = true;
      })();
      const ascending: ListQuery = { ...ALL, sort: { column: 'createUs', descending: false } };
      while (!done) {
        const { items, total } = await store.list(1, ascending, null, 1000, MEGABYTE);
        expect(items).toHaveLength(total);
        // Lets a store in memory get on.
        await new Promise(resolve => setImmediate(resolve));
      }
      await creating;
      expect((await store.list(1, ascending, null, 1, MEGABYTE)).total).toBe(50);
    });

    it('gives the same items in pages of any size as an oracle that filters and sorts them', async () => {
      let microgridId = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(rowArbitrary, { maxLength: 30 }),
          queryArbitrary,
          fc.integer({ min: 1, max: 7 }),
          async (overrides, positions, limit) => {
            microgridId += 1;
            const rows: DispatchRow[] = [];
            await Promise.all(
              overrides.map(override =>
                store.apply(microgridId, {
                  id: null,
                  decide(_, { id, atUs }) {
                    const dispatch = dispatchRow({ ...override, id, createUs: atUs });
                    rows.push(dispatch);
                    return { kind: 'created', dispatch };
                  },
                }),
              ),
            );
            const query = withIdsOf(rows, positions);
            const expected = oracleList(rows, query);
            const listed: number[] = [];
            let place: ListPlace | null = null;
            do {
              const page = await store.list(microgridId, query, place, limit, MEGABYTE);
              expect(page.total).toBe(expected.length);
              expect(page.items.length).toBeLessThanOrEqual(limit);
              listed.push(...page.items.map(({ id }) => id));
              place = page.next;
            } while (place);
            expect(listed).toEqual(expected.map(({ id }) => id));
          },
        ),
        { numRuns: 300 },
      );
    });
  });
}
