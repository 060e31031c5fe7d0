import { beforeAll, describe, expect, it } from 'vitest';
import { fromNow } from '../pythonDispatch.js';
import type { ClientTest } from './clientTest.js';

const microgridId = 20;
const COUNT = 1_050;
const TOGETHER = 50;

/** Lists of more than a thousand dispatches, while some come, change and go between the pages. */
export function describePages(test: () => ClientTest): void {
  /** In the order of their creation; each starts a second before the one that was created before it. */
  const ids: number[] = [];

  beforeAll(async () => {
    const start = Date.parse(fromNow(36_000_000));
    for (let from = 0; from < COUNT; from += TOGETHER) {
      const created = await Promise.all(
        Array.from({ length: TOGETHER }, (_, index) =>
          test().ours.create({
            microgridId,
            type: 'PAGED',
            startTime: new Date(start - (from + index) * 1000),
            selector: { ids: [1] },
          }),
        ),
      );
      ids.push(...created.map(({ id }) => id).sort((a, b) => a - b));
    }
  });

  /** All pages; between them, something happens. */
  async function pagesWhile(options: object, between: (page: number) => Promise<unknown>): Promise<number[][]> {
    const { python } = test();
    await python.openList(options, microgridId);
    const pages: number[][] = [];
    for (;;) {
      const page = await python.nextPage();
      if (page === null) return pages;
      pages.push(page);
      await between(pages.length);
    }
  }

  /** The same by the stub, which can sort. */
  async function sortedWhile(field: string, order: string, between: (page: number) => Promise<unknown>) {
    const request = `microgrid_id: ${microgridId} filter { queries: "PAGED" } sort_options { sort_field: ${field} sort_order: ${order} }`;
    const found: number[] = [];
    let params = 'page_size: 100';
    for (let page = 1; ; page += 1) {
      const { dispatches, pagination_info } = await test().python.call<{
        dispatches: { metadata: { dispatch_id: string } }[];
        pagination_info: { next_page_token?: string };
      }>('ListMicrogridDispatches', `${request} pagination_params { ${params} }`);
      found.push(...dispatches.map(({ metadata }) => Number(metadata.dispatch_id)));
      if (pagination_info.next_page_token === undefined) return found;
      params = `page_token: "${pagination_info.next_page_token}"`;
      await between(page);
    }
  }

  const newest = () => [...ids].reverse();
  const create = (type = 'LATER') => test().python.create({ type, start_time: fromNow(3_600_000) }, microgridId);
  const update = (id = 0) => test().python.update(id, { payload: { changed: true } }, microgridId);

  describe('lists a thousand dispatches', () => {
    it.each([
      ['in pages of a hundred without being asked', {}, 100, 11],
      ['in pages as small as it asks for', { page_size: 70 }, 70, 15],
      ['in pages of a thousand at most', { page_size: 4_000_000_000 }, 1_000, 2],
    ])('%s', async (_, options, size, count) => {
      const pages = await pagesWhile(options, async () => {});
      expect(pages.map(page => page.length)).toEqual([...Array(count - 1).fill(size), COUNT - (count - 1) * size]);
      expect(pages.flat()).toEqual(newest());
    });

    it('each once while others are created, which it does not show', async () => {
      const pages = await pagesWhile({ filter_queries: ['PAGED', 'LATER'] }, () => create());
      expect(pages.flat()).toEqual(newest());
    });

    it('each once while they are updated', async () => {
      const pages = await pagesWhile({ filter_queries: ['PAGED'] }, async page => {
        // One that was listed already, and one that was not.
        await update(ids.at(-10 * page));
        await update(ids[10 * page]);
      });
      expect(pages.flat()).toEqual(newest());
    });

    it('each once while some are deleted, of which it shows none any more', async () => {
      const gone: number[] = [];
      const pages = await pagesWhile({ filter_queries: ['PAGED'] }, async page => {
        const [seen, unseen] = [ids.at(-page) ?? 0, ids[page] ?? 0];
        await test().python.delete(seen, microgridId);
        // The last pages have none that was not listed and is not theirs.
        if (page < 9) await test().python.delete(unseen, microgridId);
        gone.push(...(page < 9 ? [unseen] : []));
        ids.splice(ids.indexOf(seen), 1);
      });
      const expected = newest().filter(id => !gone.includes(id));
      expect(pages.flat().filter(id => ids.includes(id))).toEqual(expected);
      for (const id of gone) ids.splice(ids.indexOf(id), 1);
    });

    it('the oldest first, and in the end those that came meanwhile', async () => {
      const came: number[] = [];
      const found = await sortedWhile('SORT_FIELD_CREATE_TIME', 'SORT_ORDER_ASCENDING', async () => {
        const { id } = await create('PAGED_LATER');
        came.push(id);
      });
      expect(found).toEqual([...ids, ...came]);
      for (const id of came) await test().python.delete(id, microgridId);
    });

    it('by start time, each that stays once, while others come, change and go', async () => {
      const found = await sortedWhile('SORT_FIELD_START_TIME', 'SORT_ORDER_ASCENDING', async page => {
        const { id } = await create('PAGED_LATER');
        await update(ids[5 * page]);
        await test().python.delete(id, microgridId);
      });
      expect(found).toEqual(newest());
    });

    it('by update time, each that does not change once', async () => {
      const changed = new Set<number>();
      const found = await sortedWhile('SORT_FIELD_LAST_UPDATE_TIME', 'SORT_ORDER_DESCENDING', async page => {
        const id = ids[3 * page] ?? 0;
        changed.add(id);
        await update(id);
      });
      const unchanged = (list: number[]) => list.filter(id => !changed.has(id));
      expect(unchanged(found)).toHaveLength(unchanged(ids).length);
      expect(new Set(unchanged(found))).toEqual(new Set(unchanged(ids)));
      expect(found).toHaveLength(new Set(found).size);
    });
  });
}
