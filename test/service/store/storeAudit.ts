import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditAuthor, AuditFilter } from '../../../src/service/domain/audit.js';
import type { DispatchStore, DispatchWrite } from '../../../src/service/domain/dispatchStore.js';
import { changeOf, creation } from '../../support/dispatchRow.js';
import type { StoreFactory } from './storeLists.js';

const START_US = 1_700_000_000_000_000;
const MEGABYTE = 1_000_000;

const operator: AuditAuthor = {
  keyName: 'operator',
  method: 'CreateMicrogridDispatch',
  requestId: 'r-1',
  note: 'für den Test',
};

/** Fixes how every dispatch store keeps the audit. */
export function describeStoreAudit(openStore: StoreFactory): void {
  describe('the audit', () => {
    let store: DispatchStore;
    let nowUs: number;
    beforeEach(async () => {
      nowUs = START_US;
      store = await openStore(() => nowUs);
    });
    afterEach(() => store.close());

    const apply = async (microgridId: number, write: DispatchWrite, author: Partial<AuditAuthor> = {}) => {
      nowUs += 1_000_000;
      return (await store.apply(microgridId, { ...write, author: { ...operator, ...author } })).dispatch?.id as number;
    };
    const message = (n: number) => ({ message: Uint8Array.of(n) });
    const seqs = async (filter: AuditFilter, oldestFirst = true, after: number | null = null, limit = 100) => {
      const { entries, more } = await store.audit(1, { filter, oldestFirst, after }, limit, MEGABYTE);
      return [...entries.map(({ seq }) => seq), ...(more ? ['more'] : [])];
    };

    it('tells of each change who made it and how, and the dispatch before and after it', async () => {
      const id = await apply(1, creation(message(1)));
      const other = { keyName: null, method: 'UpdateMicrogridDispatch', requestId: null, note: null };
      await apply(1, changeOf(id, 'updated', message(2)), other);
      await apply(1, changeOf(id, 'deleted', message(3)), { ...other, method: 'DeleteMicrogridDispatch' });
      const { entries, more } = await store.audit(1, { filter: {}, oldestFirst: true, after: null }, 100, MEGABYTE);
      const bytes = (of: Uint8Array | null) => of && [...of];
      expect(
        entries.map(({ before, after, ...entry }) => ({ ...entry, before: bytes(before), after: bytes(after) })),
      ).toEqual([
        { ...operator, microgridId: 1, seq: 1, atUs: START_US + 1e6, dispatchId: id, before: null, after: [1] },
        { ...other, microgridId: 1, seq: 2, atUs: START_US + 2e6, dispatchId: id, before: [1], after: [2] },
        {
          ...other,
          method: 'DeleteMicrogridDispatch',
          microgridId: 1,
          seq: 3,
          atUs: START_US + 3e6,
          dispatchId: id,
          before: [2],
          after: null,
        },
      ]);
      expect(more).toBe(false);
    });

    it('has an entry for each change of writes that are committed together', async () => {
      await Promise.all(Array.from({ length: 30 }, (_, i) => apply((i % 3) + 1, creation())));
      expect(await seqs({})).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });

    it('has no entry for what changes nothing: refused writes, retries, and writes without a change', async () => {
      const idempotencyKey = { id: 'r', hash: 'h', untilUs: START_US + 1e9 };
      const id = await apply(1, { ...creation(), idempotencyKey });
      expect(await apply(1, { ...creation(), idempotencyKey })).toBe(id);
      await apply(1, { id, decide: () => null });
      await expect(apply(1, changeOf(99, 'updated'))).rejects.toThrow();
      expect(await seqs({})).toEqual([1]);
    });

    it('is listed in either order, page by page', async () => {
      for (let i = 0; i < 5; i++) await apply(1, creation());
      await apply(2, creation());
      expect(await seqs({}, true, null, 2)).toEqual([1, 2, 'more']);
      expect(await seqs({}, true, 2, 2)).toEqual([3, 4, 'more']);
      expect(await seqs({}, true, 4, 2)).toEqual([5]);
      expect(await seqs({}, false, null, 3)).toEqual([5, 4, 3, 'more']);
      expect(await seqs({}, false, 3, 3)).toEqual([2, 1]);
      expect(await seqs({}, true, 99)).toEqual([]);
    });

    it('is cut by bytes, and reads on behind many entries that fit', async () => {
      for (let i = 0; i < 120; i++) await store.apply(1, { ...creation(message(i)), author: operator });
      const page = async (limit: number, maxBytes: number) => {
        const { entries, more } = await store.audit(1, { filter: {}, oldestFirst: true, after: null }, limit, maxBytes);
        return [entries.length, entries.at(-1)?.seq, more];
      };
      expect(await page(1_000, MEGABYTE)).toEqual([120, 120, false]);
      expect(await page(120, MEGABYTE)).toEqual([120, 120, false]);
      expect(await page(100, MEGABYTE)).toEqual([100, 100, true]);
      expect(await page(1_000, 70)).toEqual([70, 70, true]);
      expect(await page(1_000, 0)).toEqual([1, 1, true]);
    });

    it('is filtered by dispatch, key, method and time', async () => {
      const first = await apply(1, creation());
      const second = await apply(1, creation(), { keyName: 'robot' });
      await apply(1, changeOf(first, 'updated'), { method: 'UpdateMicrogridDispatch' });
      await apply(1, changeOf(second, 'updated'), { keyName: null, method: 'UpdateMicrogridDispatch' });
      expect(await seqs({ dispatchIds: [first] })).toEqual([1, 3]);
      expect(await seqs({ dispatchIds: [] })).toEqual([]);
      expect(await seqs({ keyNames: ['robot', 'nobody'] })).toEqual([2]);
      expect(await seqs({ methods: ['UpdateMicrogridDispatch'] })).toEqual([3, 4]);
      expect(await seqs({ fromUs: START_US + 2e6, toUs: START_US + 4e6 })).toEqual([2, 3]);
      expect(await seqs({ methods: ['UpdateMicrogridDispatch'], dispatchIds: [second] })).toEqual([4]);
    });

    it('is pruned by its own age, the oldest entries first', async () => {
      for (let i = 0; i < 5; i++) await apply(1, creation());
      expect(await store.prune(nowUs + 1, 100)).toBe(4);
      expect(await seqs({})).toEqual([1, 2, 3, 4, 5]);
      expect(await store.pruneAudit(START_US + 4e6, 2)).toBe(2);
      expect(await seqs({})).toEqual([3, 4, 5]);
      expect(await store.pruneAudit(START_US + 4e6, 2)).toBe(1);
      expect(await store.pruneAudit(START_US + 4e6, 2)).toBe(0);
      expect(await seqs({})).toEqual([4, 5]);
    });
  });
}
