import fc from 'fast-check';
import { Status } from 'nice-grpc-common';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DeepPartial,
  type DispatchData,
  type ListMicrogridDispatchesRequest,
  type ListMicrogridDispatchesResponse,
  SortField,
  SortOrder,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { created, inSeconds, rawService } from '../support/rawService.js';

const raw = await rawService();
const { client } = raw;
let microgridId = 0n;
beforeEach(() => {
  microgridId += 1n;
});
afterAll(() => raw[Symbol.asyncDispose]());

const create = (overrides: DeepPartial<DispatchData> = {}) => created(client, overrides, microgridId);
const list = (request: DeepPartial<ListMicrogridDispatchesRequest> = {}): Promise<ListMicrogridDispatchesResponse> =>
  client.listMicrogridDispatches({ microgridId, ...request });
const size = (value: number) => ({ params: { $case: 'pageSize' as const, value } });
const token = (value: string | undefined) => ({ params: { $case: 'pageToken' as const, value: value ?? '' } });

async function allPages(
  request: DeepPartial<ListMicrogridDispatchesRequest>,
  pageSize: number,
  between: (page: number) => Promise<void> = async () => {},
): Promise<ListMicrogridDispatchesResponse[]> {
  const pages = [await list({ ...request, paginationParams: size(pageSize) })];
  for (;;) {
    const next = pages.at(-1)?.paginationInfo?.nextPageToken;
    if (next === undefined) return pages;
    await between(pages.length);
    pages.push(await list({ ...request, paginationParams: token(next) }));
  }
}

describe('pages', () => {
  const createMany = (count: number) => Promise.all(Array.from({ length: count }, () => create()));

  it('have 100 items unless asked, and never more than 1,000', async () => {
    await createMany(1001);
    expect((await list()).dispatches).toHaveLength(100);
    expect((await list({ paginationParams: size(0) })).dispatches).toHaveLength(100);
    const page = await list({ paginationParams: size(5000) });
    expect(page.dispatches).toHaveLength(1000);
    expect(page.paginationInfo?.totalItems).toBe(1001);
    const last = await list({ paginationParams: token(page.paginationInfo?.nextPageToken) });
    expect(last.dispatches).toHaveLength(1);
    expect(last.paginationInfo).toEqual({ totalItems: 1001, nextPageToken: undefined });
  });

  it('keep the size of the first one, and every total is exact', async () => {
    await createMany(7);
    const pages = await allPages({}, 3);
    expect(pages.map(({ dispatches }) => dispatches.length)).toEqual([3, 3, 1]);
    expect(pages.map(({ paginationInfo }) => paginationInfo?.totalItems)).toEqual([7, 7, 7]);
  });

  it('are cut before they grow above what a client takes', async () => {
    const payload = { text: 'x'.repeat(50_000) };
    await Promise.all(Array.from({ length: 130 }, () => create({ payload })));
    const pages = await allPages({}, 1000);
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.flatMap(({ dispatches }) => dispatches)).toHaveLength(130);
  });

  it('return every item that stays exactly once, whatever is created, deleted and updated in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(SortField.CREATE_TIME, SortField.START_TIME, SortField.LAST_UPDATE_TIME),
        fc.constantFrom(SortOrder.ASCENDING, SortOrder.DESCENDING),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom('create', 'delete', 'update', 'nothing'), { minLength: 15, maxLength: 15 }),
        async (sortField, sortOrder, pageSize, operations) => {
          microgridId += 1n;
          const startTime = inSeconds(1000);
          const starts = [0n, 0n, 1n, 1n, 1n, 2n, 5n, 5n, 6n, 7n, 8n, 9n];
          const all = await Promise.all(
            starts.map(offset => create({ startTime: { ...startTime, seconds: startTime.seconds + offset } })),
          );
          const unchanged = new Set(all.map(({ id }) => id));
          const pages = await allPages({ sortOptions: { sortField, sortOrder } }, pageSize, async page => {
            const { id } = all[(page * 5) % all.length] ?? { id: 0n };
            switch (operations[page]) {
              case 'create':
                await create({ startTime: { ...startTime, seconds: startTime.seconds + 3n } });
                break;
              case 'delete':
                if (unchanged.delete(id)) await client.deleteMicrogridDispatch({ microgridId, dispatchId: id });
                break;
              case 'update':
                if (!unchanged.delete(id)) break;
                await client.updateMicrogridDispatch({
                  microgridId,
                  dispatchId: id,
                  updateMask: ['start_time'],
                  update: { startTime: { ...startTime, seconds: startTime.seconds + 4n } },
                });
            }
          });
          const seen = pages.flatMap(({ dispatches }) => dispatches.map(({ metadata }) => metadata?.dispatchId));
          for (const id of unchanged) expect(seen.filter(other => other === id)).toEqual([id]);
          if (sortField === SortField.CREATE_TIME) expect(new Set(seen).size).toBe(seen.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuse a token that is malformed, or of another microgrid, filter or sort order', async () => {
    await createMany(3);
    const first = await list({ paginationParams: size(1) });
    const paginationParams = token(first.paginationInfo?.nextPageToken);
    const invalid = {
      code: Status.INVALID_ARGUMENT,
      details: expect.stringMatching(/^pagination_params\.page_token: /),
    };
    expect((await list({ paginationParams })).dispatches).toHaveLength(1);
    await expect(list({ paginationParams, microgridId: microgridId + 1n })).rejects.toMatchObject(invalid);
    await expect(list({ paginationParams, filter: { isActive: true } })).rejects.toMatchObject(invalid);
    await expect(list({ paginationParams, sortOptions: { sortOrder: 1 } })).rejects.toMatchObject(invalid);
    for (const text of ['', 'x', '10:5', 'W10', Buffer.from('[1,2,3]').toString('base64url'), 'bnVsbA']) {
      await expect(list({ paginationParams: token(text) })).rejects.toMatchObject(invalid);
    }
  });
});
