import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  DispatchRow,
  DispatchStore,
  LoggedChange,
  StoredDispatch,
} from '../../../src/service/domain/dispatchStore.js';
import type { ListQuery } from '../../../src/service/domain/listQuery.js';
import { changeOf, creation, dispatchRow } from '../../support/dispatchRow.js';
import { describeStoreAudit } from './storeAudit.js';
import { describeStoreChanges } from './storeChanges.js';
import { describeStoreClock } from './storeClock.js';
import { describeStoreLists, type StoreFactory } from './storeLists.js';
import { describeStoreRepeats } from './storeRepeats.js';

const ALL: ListQuery = { filter: {}, sort: { column: 'createUs', descending: true } };
const MEGABYTE = 1_000_000;

/** Fixes what every dispatch store must do. */
export function describeStore(name: string, openStore: StoreFactory): void {
  describe(name, () => {
    let store: DispatchStore;
    let nowUs: number;

    beforeEach(async () => {
      nowUs = 1_700_000_000_000_000;
      store = await openStore(() => nowUs);
    });
    afterEach(() => store.close());

    const create = async (microgridId: number, overrides: Partial<DispatchRow> = {}): Promise<StoredDispatch> => {
      const { dispatch } = await store.apply(microgridId, creation(overrides));
      if (!dispatch) throw new Error('the store created nothing');
      return dispatch;
    };
    const log = async (microgridId: number, after = 0): Promise<readonly LoggedChange[]> =>
      (await store.changes(new Map([[microgridId, after]]), 1000)).changes;
    const listIds = async (microgridId: number, query: ListQuery = ALL): Promise<number[]> =>
      (await store.list(microgridId, query, null, 1000, MEGABYTE)).items.map(item => item.id);

    describe('writes', () => {
      it('keeps the bytes it is given', async () => {
        const message = Uint8Array.from({ length: 256 }, (_, index) => index);
        const { id } = await create(1, { message });
        expect(new Uint8Array((await store.get(1, id))?.message ?? [])).toEqual(message);
      });

      it('numbers the changes of a microgrid from 1 without gaps', async () => {
        const { id } = await create(1);
        await create(2);
        await store.apply(1, changeOf(id, 'updated'));
        await store.apply(1, changeOf(id, 'deleted'));
        expect((await log(1)).map(({ seq, kind }) => [seq, kind])).toEqual([
          [1, 'created'],
          [2, 'updated'],
          [3, 'deleted'],
        ]);
        expect([await store.head(1), await store.head(2), await store.head(3)]).toEqual([3, 1, 0]);
      });

      it('hands the present state to the decision, and null when there is none', async () => {
        const { id } = await create(1);
        const seen: (number | undefined)[] = [];
        const look = {
          decide(old: StoredDispatch | null) {
            seen.push(old?.id);
            return null;
          },
        };
        await store.apply(1, { id, ...look });
        await store.apply(2, { id, ...look });
        await store.apply(1, { id: null, ...look });
        expect(seen).toEqual([id, undefined, undefined]);
      });

      it('logs nothing when the decision is to change nothing', async () => {
        const { id } = await create(1);
        const applied = await store.apply(1, { id, decide: () => null });
        expect(applied.seq).toBe(1);
        expect(applied.dispatch?.id).toBe(id);
        expect(await store.head(1)).toBe(1);
      });

      it('changes nothing when the decision throws, and passes the error on', async () => {
        const { id, message } = await create(1);
        const refusal = new Error('refused');
        const refuse = () => {
          throw refusal;
        };
        await expect(store.apply(1, { id, decide: refuse })).rejects.toBe(refusal);
        await expect(store.apply(1, { id: null, decide: refuse })).rejects.toBe(refusal);
        expect(await store.head(1)).toBe(1);
        expect(await listIds(1)).toEqual([id]);
        expect((await store.get(1, id))?.message).toEqual(message);
      });

      it('never uses an id twice, across microgrids and after deletions', async () => {
        const first = await create(1);
        const second = await create(2);
        await store.apply(2, changeOf(second.id, 'deleted'));
        const third = await create(2);
        await store.apply(1, changeOf(first.id, 'deleted'));
        const fourth = await create(1);
        expect(new Set([first.id, second.id, third.id, fourth.id]).size).toBe(4);
      });

      it('orders concurrent writes one after the other', async () => {
        const { id } = await create(1, { message: Uint8Array.of(0) });
        const increment = {
          id,
          decide: (old: StoredDispatch | null, { atUs }: { atUs: number }) => ({
            kind: 'updated' as const,
            dispatch: dispatchRow({ id, updateUs: atUs, message: Uint8Array.of((old?.message[0] ?? 0) + 1) }),
          }),
        };
        const applied = await Promise.all(Array.from({ length: 100 }, () => store.apply(1, increment)));
        expect((await store.get(1, id))?.message[0]).toBe(100);
        expect(new Set(applied.map(({ seq }) => seq)).size).toBe(100);
        expect(await store.head(1)).toBe(101);
      });

      it('lets writes of the same moment succeed and fail each for itself', async () => {
        const { id } = await create(1);
        const refusal = new Error('refused');
        const refuse = () => {
          throw refusal;
        };
        const results = await Promise.allSettled([
          store.apply(1, creation({ type: 'FIRST' })),
          store.apply(1, { id, decide: refuse }),
          store.apply(2, creation({ type: 'ELSEWHERE' })),
          store.apply(1, changeOf(id, 'deleted')),
          store.apply(1, changeOf(id, 'updated')),
          store.apply(1, { id: null, decide: refuse }),
          store.apply(1, { id, decide: () => null }),
          store.apply(1, creation({ type: 'LAST' })),
        ]);
        expect(results.map(result => (result.status === 'fulfilled' ? result.value.seq : result.reason))).toEqual([
          2,
          refusal,
          1,
          3,
          new Error(`no dispatch ${id}`),
          refusal,
          3,
          4,
        ]);
        expect((await log(1)).map(({ kind }) => kind)).toEqual(['created', 'created', 'deleted', 'created']);
        expect(await listIds(1)).toHaveLength(2);
        expect(await listIds(2)).toHaveLength(1);
      });

      it('keeps a dispatch that is created, changed and deleted in one moment in the log only', async () => {
        const { id } = await create(1);
        const next = id + 1;
        await Promise.all([
          store.apply(1, creation()),
          store.apply(1, changeOf(next, 'updated')),
          store.apply(1, changeOf(next, 'deleted')),
        ]);
        expect((await log(1, 1)).map(change => [change.id, change.kind])).toEqual([
          [next, 'created'],
          [next, 'updated'],
          [next, 'deleted'],
        ]);
        expect(await listIds(1)).toEqual([id]);
      });

      it('takes the greatest ids and instants there are', async () => {
        const microgridId = Number.MAX_SAFE_INTEGER;
        const startS = 253_402_300_799;
        nowUs = startS * 1_000_000;
        const { id } = await create(microgridId, { startS, endS: startS });
        expect((await log(microgridId)).map(({ atUs }) => atUs)).toEqual([nowUs]);
        const query: ListQuery = { ...ALL, filter: { startS: { from: startS, to: startS + 1 } } };
        expect(await listIds(microgridId, query)).toEqual([id]);
      });

      it('refuses writes once it is closed, and closing waits for those before', async () => {
        const other = await openStore(() => nowUs);
        const writing = other.apply(1, creation());
        await other.close();
        await expect(writing).resolves.toMatchObject({ seq: 1 });
        await expect(other.apply(1, creation())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      });

      it('forgets a deleted dispatch and logs its last state', async () => {
        const { id } = await create(1);
        await store.apply(1, changeOf(id, 'deleted', { message: Uint8Array.of(42) }));
        expect(await store.get(1, id)).toBeNull();
        expect(await listIds(1)).toEqual([]);
        expect((await log(1)).at(-1)).toMatchObject({ kind: 'deleted', id, message: Uint8Array.of(42) });
      });

      it('keeps microgrids apart', async () => {
        const { id } = await create(1);
        expect(await store.get(2, id)).toBeNull();
        expect(await listIds(2)).toEqual([]);
      });
    });

    describeStoreClock(openStore);
    describeStoreLists(openStore);
    describeStoreChanges(openStore);
    describeStoreRepeats(openStore);
    describeStoreAudit(openStore);
  });
}
