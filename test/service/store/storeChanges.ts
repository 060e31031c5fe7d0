import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DispatchStore, LoggedChange } from '../../../src/service/domain/dispatchStore.js';
import type { ListQuery } from '../../../src/service/domain/listQuery.js';
import { type LogCursor, positionOf } from '../../../src/service/domain/logCursor.js';
import { encodeLogPosition, LOG_START, type LogPosition } from '../../../src/wire/logPosition.js';
import { creation } from '../../support/dispatchRow.js';
import type { StoreFactory } from './storeLists.js';

const ALL: ListQuery = { filter: {}, sort: { column: 'createUs', descending: true } };

/** Fixes how every dispatch store keeps its change logs. */
export function describeStoreChanges(openStore: StoreFactory): void {
  describe('change log', () => {
    let store: DispatchStore;
    let nowUs: number;
    beforeEach(async () => {
      nowUs = 1_700_000_000_000_000;
      store = await openStore(() => nowUs);
    });
    afterEach(() => store.close());

    const create = (microgridId: number) => store.apply(microgridId, creation());
    const log = async (microgridId: number, after = 0): Promise<readonly LoggedChange[]> =>
      (await store.changes(new Map([[microgridId, after]]), 1000)).changes;

    const positionAt = async (seq: number): Promise<LogPosition> => positionOf((await log(1))[seq - 1] as LoggedChange);

    it('gives what follows each cursor', async () => {
      for (let count = 0; count < 5; count += 1) {
        await create(1);
        await create(2);
      }
      const cursors = new Map([
        [1, 3],
        [2, 5],
        [3, 0],
      ]);
      const { changes, pruned } = await store.changes(cursors, 100);
      expect(changes.map(({ microgridId, seq }) => [microgridId, seq])).toEqual([
        [1, 4],
        [1, 5],
      ]);
      expect(pruned).toEqual([]);
    });

    it('tells of which logs more is left, until it was all read', async () => {
      await Promise.all(Array.from({ length: 50 }, () => create(1)));
      await Promise.all([create(2), create(3)]);
      const cursors = new Map([1, 2, 3, 4].map(microgridId => [microgridId, 0]));
      const seen: string[] = [];
      for (let reads = 0; ; reads += 1) {
        const { changes, more } = await store.changes(cursors, 9);
        expect(changes.length).toBeLessThanOrEqual(9);
        for (const { microgridId, seq } of changes) {
          seen.push(`${microgridId}/${seq}`);
          cursors.set(microgridId, seq);
        }
        if (more.length === 0) break;
        expect(reads).toBeLessThan(50);
      }
      expect(new Set(seen).size).toBe(52);
      expect([...cursors.values()]).toEqual([50, 1, 1, 0]);
    });

    it('reads many logs at once', async () => {
      const microgridIds = Array.from({ length: 600 }, (_, index) => index + 1);
      await Promise.all(microgridIds.map(microgridId => create(microgridId)));
      const cursors = new Map(microgridIds.map(microgridId => [microgridId, 0]));
      const { changes, more } = await store.changes(cursors, 500);
      expect(changes).toHaveLength(500);
      expect(more).toHaveLength(100);
      const read = new Set(changes.map(({ microgridId }) => microgridId));
      expect([...read, ...more].sort((a, b) => a - b)).toEqual(microgridIds);
    });

    it('gives each log its share, and begins with the logs that are named first', async () => {
      for (const [microgridId, count] of [
        [1, 100],
        [2, 3],
        [3, 100],
        [4, 1],
      ] as const) {
        await Promise.all(Array.from({ length: count }, () => create(microgridId)));
      }
      const counts = async (microgridIds: readonly number[], limit: number) => {
        const batch = await store.changes(new Map(microgridIds.map(microgridId => [microgridId, 0])), limit);
        const of = (wanted: number) => batch.changes.filter(({ microgridId }) => microgridId === wanted).length;
        return { counts: microgridIds.map(of), more: batch.more };
      };
      expect(await counts([1, 2, 3, 4], 40)).toEqual({ counts: [10, 3, 10, 1], more: [1, 3] });
      expect(await counts([3, 1, 4, 2], 2)).toEqual({ counts: [1, 1, 0, 0], more: [4, 2, 3, 1] });
      expect(await counts([4, 2, 1], 3)).toEqual({ counts: [1, 1, 1], more: [2, 1] });
    });

    it('reads a log no further than its bytes allow, but at least one entry', async () => {
      for (let count = 0; count < 5; count += 1) {
        await store.apply(1, creation({ message: new Uint8Array(1_000) }));
        await store.apply(2, creation({ message: new Uint8Array(10) }));
      }
      const cursors = new Map([
        [1, await positionAt(1)],
        [2, 0],
      ] as [number, LogCursor][]);
      for (const [maxBytes, seqs] of [
        [1, [2]],
        [1_000, [2]],
        [2_001, [2, 3, 4]],
        [1_000_000, [2, 3, 4, 5]],
      ] as const) {
        const { changes, pruned, more } = await store.changes(cursors, 100, maxBytes);
        expect(changes.flatMap(({ microgridId, seq }) => (microgridId === 1 ? [seq] : []))).toEqual(seqs);
        expect([pruned, more.includes(1)]).toEqual([[], seqs.length < 4]);
        expect(changes.filter(({ microgridId }) => microgridId === 2)).toHaveLength(maxBytes === 1 ? 1 : 5);
      }
    });

    it('tells which cursors lie before what was pruned', async () => {
      await create(1);
      await create(1);
      nowUs += 60_000_000;
      await create(1);
      await create(2);
      expect(await store.prune(nowUs, 1000)).toBe(2);
      const cursors = new Map([
        [1, 1],
        [2, 0],
      ]);
      const { changes, pruned } = await store.changes(cursors, 100);
      expect(pruned).toEqual([1]);
      expect(changes.map(({ microgridId }) => microgridId)).toEqual([2]);
      expect((await log(1, 2)).map(({ seq }) => seq)).toEqual([3]);
      expect(await store.head(1)).toBe(3);
      expect((await store.list(1, ALL, null, 1, 1)).total).toBe(3);
    });

    it('tells so also when all but the last entry was pruned, and of nobody who has read it all', async () => {
      await create(1);
      await create(1);
      await create(2);
      expect(await store.prune(nowUs + 1_000_000, 1000)).toBe(1);
      const cursors = new Map([
        [1, 0],
        [2, 1],
        [3, 0],
      ]);
      expect(await store.changes(cursors, 100)).toEqual({ changes: [], pruned: [1], more: [] });
      await create(1);
      expect((await log(1, 1)).map(({ seq }) => seq)).toEqual([2, 3]);
    });

    it('tells the position of its last entry', async () => {
      expect(await store.cursor(1)).toEqual(LOG_START);
      const { dispatch } = await create(1);
      await create(2);
      const [entry] = await log(1);
      expect(await store.cursor(1)).toEqual({ seq: 1, atUs: entry?.atUs, id: dispatch?.id });
    });

    it('keeps the last entry of each log, however old: a microgrid that is still for long can be resumed', async () => {
      for (const microgridId of [1, 1, 2, 3, 3, 3]) await create(microgridId);
      const heads = await Promise.all([1, 2, 3].map(store.cursor));
      for (const limit of [2, 2, 1000]) await store.prune(nowUs + 1_000_000, limit);
      expect(await Promise.all([1, 2, 3].map(store.cursor))).toEqual(heads);
      const cursors = new Map(heads.map((head, index) => [index + 1, head]));
      expect(await store.changes(cursors, 100)).toEqual({ changes: [], pruned: [], more: [] });
      await create(1);
      expect(await store.prune(nowUs + 1_000_000, 1000)).toBe(1);
    });

    it('goes on only after an entry that it has, and tells which it does not have', async () => {
      for (let count = 0; count < 3; count += 1) await create(1);
      const [first, second, third] = (await log(1)).map(positionOf) as [LogPosition, LogPosition, LogPosition];
      const entriesAfter = async (cursor: LogCursor, microgridId = 1) => {
        const { changes, pruned } = await store.changes(new Map([[microgridId, cursor]]), 1000);
        return pruned.length > 0 ? 'lost' : changes.map(({ seq }) => seq);
      };
      expect(await entriesAfter(LOG_START)).toEqual([1, 2, 3]);
      expect(await entriesAfter(first)).toEqual([2, 3]);
      expect(await entriesAfter(second)).toEqual([3]);
      expect(await entriesAfter({ ...second, id: BigInt(second.id) })).toEqual([3]);
      expect(await entriesAfter(third)).toEqual([]);
      for (const wrong of [
        { ...second, id: third.id },
        { ...second, atUs: second.atUs + 1 },
        { ...third, atUs: third.atUs + 1 },
        { ...third, seq: 4 },
        { ...second, id: 2n ** 64n },
      ]) {
        expect(await entriesAfter(wrong), encodeLogPosition(wrong)).toBe('lost');
      }
      expect(await entriesAfter(first, 7)).toBe('lost');
      expect(await entriesAfter(LOG_START, 7)).toEqual([]);
      await store.prune(nowUs + 1_000_000, 2);
      expect(await entriesAfter(second)).toBe('lost');
      expect(await entriesAfter(first)).toBe('lost');
      expect(await entriesAfter(LOG_START)).toBe('lost');
      expect(await entriesAfter(third)).toEqual([]);
    });

    it('is pruned from its beginning, a part at a time', async () => {
      for (let count = 0; count < 5; count += 1) await create(1);
      expect(await store.prune(nowUs + 1_000_000, 2)).toBe(2);
      expect((await log(1, 2)).map(({ seq }) => seq)).toEqual([3, 4, 5]);
      expect(await store.prune(nowUs + 1_000_000, 4)).toBe(2);
      expect((await log(1, 4)).map(({ seq }) => seq)).toEqual([5]);
      expect(await store.prune(nowUs + 1_000_000, 4)).toBe(0);
    });

    it('wakes its listeners after each change until they leave', async () => {
      const woken: (readonly number[] | null)[] = [];
      const seen = new Promise<void>(resolve => {
        store.onWake(microgridIds => {
          if (!microgridIds || microgridIds.includes(4)) resolve();
        });
      });
      const leave = store.onWake(microgridIds => woken.push(microgridIds));
      leave();
      await create(4);
      await seen;
      expect(woken).toEqual([]);
    });
  });
}
