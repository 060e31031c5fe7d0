import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import type { DispatchStore, LoggedChange } from '../../../src/service/domain/dispatchStore.js';
import type { ListQuery } from '../../../src/service/domain/listQuery.js';
import { changeFeed } from '../../../src/service/feed/changeFeed.js';
import { changeOf, creation } from '../../support/dispatchRow.js';
import type { StorePlace } from '../../support/stores.js';

const ALL: ListQuery = { filter: {}, sort: { column: 'createUs', descending: false } };

const listIds = async (store: DispatchStore) =>
  (await store.list(1, ALL, null, 1000, 1_000_000)).items.map(({ id }) => id);

const log = async (store: DispatchStore): Promise<readonly LoggedChange[]> =>
  (await store.changes(new Map([[1, 0]]), 1000)).changes;

/** A statement that logs a change of microgrid 1. */
const logged = (seq: number) => `
  INSERT INTO dispatch_change (microgrid_id, seq, dispatch_id, kind, at_us, message) VALUES (1, ${seq}, ${seq}, 'created', ${seq}, '');
  UPDATE microgrid SET seq = ${seq}, last_us = ${seq} WHERE id = 1;`;

/** Fixes what a store must do that keeps dispatches over restarts. */
export function describeDatabase(name: string, newPlace: () => Promise<StorePlace> | StorePlace): void {
  describe(name, () => {
    let place: StorePlace;
    beforeEach(async () => {
      place = await newPlace();
    });
    afterEach(() => place[Symbol.asyncDispose]());

    async function opened(nowUs: () => number = () => Date.now() * 1000) {
      const store = await place.open({ nowUs });
      return { store, [Symbol.asyncDispose]: store.close };
    }

    it('keeps dispatches, their log, the clock and the count over a restart', async () => {
      const nowUs = 1_700_000_000_000_000;
      const before = await (async () => {
        await using first = await opened(() => nowUs);
        const [kept, gone] = await Promise.all([
          first.store.apply(1, creation({ message: Uint8Array.of(1, 2, 3) })),
          first.store.apply(1, creation()),
        ]);
        await first.store.apply(1, changeOf(kept.dispatch?.id ?? 0, 'updated', { message: Uint8Array.of(4) }));
        await first.store.apply(1, changeOf(gone.dispatch?.id ?? 0, 'deleted'));
        return { ids: await listIds(first.store), log: await log(first.store) };
      })();
      await using second = await opened(() => nowUs - 3_600_000_000);
      expect(await listIds(second.store)).toEqual(before.ids);
      expect(await second.store.get(1, before.ids[0] ?? 0)).toEqual({ id: before.ids[0], message: Uint8Array.of(4) });
      expect(await log(second.store)).toEqual(before.log);
      expect(await second.store.head(1)).toBe(4);
      expect((await second.store.apply(1, creation())).seq).toBe(5);
      const [, , , last, next] = await log(second.store);
      expect(next?.atUs).toBe((last?.atUs ?? 0) + 1);
    });

    it('uses no id twice, also when the greatest one was deleted before a restart', async () => {
      const used: number[] = [];
      for (let run = 0; run < 3; run += 1) {
        await using open = await opened();
        const { dispatch } = await open.store.apply(1, creation());
        const id = dispatch?.id ?? 0;
        used.push(id);
        await open.store.apply(1, changeOf(id, 'deleted'));
      }
      expect([...new Set(used)].sort((a, b) => a - b)).toEqual(used);
    });

    it('keeps nonces and requests over a restart', async () => {
      const untilUs = Date.now() * 1000 + 60_000_000;
      const repeatable = (nonceId: string) => ({
        ...creation(),
        nonce: { id: nonceId, untilUs },
        idempotencyKey: { id: 'request', hash: 'content', untilUs },
      });
      const first = await (async () => {
        await using open = await opened();
        return await open.store.apply(1, repeatable('a'));
      })();
      await using open = await opened();
      await expect(open.store.apply(1, repeatable('a'))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      expect((await open.store.apply(1, repeatable('b'))).dispatch?.id).toBe(first.dispatch?.id);
      expect(await open.store.head(1)).toBe(1);
    });

    it('refuses a schema that is newer than the program', async () => {
      await (await opened()).store.close();
      await place.execute(
        `INSERT INTO dispatch_migration (name, timestamp) VALUES ('9999_later', '2099-01-01T00:00:00Z')`,
      );
      await expect(place.open()).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: expect.stringMatching(
          /^the schema of \S+ is newer than this version of the program \(9999_later\): install a newer version/,
        ),
      });
    });

    it('opens again what was opened before', async () => {
      for (let run = 0; run < 3; run += 1) await (await opened()).store.close();
    });

    it('lets a row that the database refuses harm no other of its transaction', async () => {
      await using open = await opened();
      const { store } = open;
      const bad = [7, 50, 51, 99];
      const results = await Promise.allSettled(
        Array.from({ length: 100 }, (_, index) =>
          store.apply(1 + (index % 3), creation(bad.includes(index) ? { startS: null as never } : {})),
        ),
      );
      expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual(bad);
      const heads = [await store.head(1), await store.head(2), await store.head(3)];
      expect(heads.reduce((sum, head) => sum + head)).toBe(96);
      expect(await listIds(store)).toHaveLength(heads[0] ?? 0);
      expect((await log(store)).map(({ seq }) => seq)).toEqual(Array.from({ length: heads[0] ?? 0 }, (_, i) => i + 1));
    });

    it('keeps nothing of a write that was refused, not even its microgrid', async () => {
      await using open = await opened();
      const { store } = open;
      await expect(store.apply(1, changeOf(1, 'updated'))).rejects.toThrow('no dispatch 1');
      expect(await store.head(1)).toBe(0);
      expect((await store.apply(1, creation())).seq).toBe(1);
    });

    it.each([
      ['has lost entries', 0],
      ['has lost entries, and has as many again', 3],
      ['has lost entries, and has more again', 5],
    ])('ends streams with UNAVAILABLE when their log %s', async (_, again) => {
      await using open = await opened();
      const { store } = open;
      const feed = changeFeed(store, silentLogger);
      const { signal } = new AbortController();
      const [early, late] = [await feed.open(1, signal), await feed.open(2, signal)];
      for (let seq = 1; seq <= 5; seq += 1) {
        await store.apply(1, creation());
        expect((await early.next()).seq).toBe(seq);
      }
      // Read by nobody meanwhile, as when a database is replaced while it cannot be reached.
      await place.execute(`
        BEGIN;
        DELETE FROM dispatch_change WHERE seq > 2;
        UPDATE microgrid SET seq = 2, last_us = (SELECT at_us FROM dispatch_change WHERE seq = 2);
        ${Array.from({ length: again }, (_, index) => logged(3 + index)).join('')}
        COMMIT;
      `);
      await expect(early.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await store.apply(2, creation());
      expect((await late.next()).seq).toBe(1);
      const reopened = await feed.open(1, signal);
      expect(reopened.position).toBe(2 + again);
      await store.apply(1, creation());
      expect((await reopened.next()).seq).toBe(3 + again);
      feed.stop();
    });

    it('tells a wrong decision of a program from a failing database', async () => {
      await using open = await opened();
      const wrong = open.store.apply(1, creation({ startS: null as never }));
      await expect(wrong).rejects.not.toMatchObject({ code: 'UNAVAILABLE' });
    });
  });
}
