import { createHash } from 'node:crypto';
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
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { created, inSeconds, rawService, refusalOf, violationsOf } from '../../support/rawService.js';

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

  it('keep the size and the total of the first one', async () => {
    await createMany(7);
    const pages = await allPages({}, 3, async () => void (await create()));
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
});

describe('a page token', () => {
  const decoded = (given: string): unknown[] => JSON.parse(Buffer.from(given, 'base64url').toString());
  const changed = (given: string, change: (parts: unknown[]) => unknown) =>
    Buffer.from(JSON.stringify(change(decoded(given)))).toString('base64url');
  const withPart = (index: number, value: unknown) => (given: string) =>
    changed(given, parts => parts.with(index, value));

  /** The token of such a page of a list of all dispatches; one without a total is of an earlier version. */
  function tokenOf(page: readonly unknown[]): string {
    const content = [Number(microgridId), {}, { column: 'createUs', descending: true }, ...page];
    const hash = createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 16);
    return Buffer.from(JSON.stringify([...page, hash])).toString('base64url');
  }

  /** The token of the second page, of one item each. */
  async function givenToken(): Promise<string> {
    for (const offset of [1, 2, 3]) await create({ startTime: inSeconds(1000 * offset) });
    return (await list({ paginationParams: size(1) })).paginationInfo?.nextPageToken ?? '';
  }

  async function expectRefusal(request: DeepPartial<ListMicrogridDispatchesRequest>) {
    const { code, violations } = await refusalOf(list(request));
    expect(code).toBe(Status.INVALID_ARGUMENT);
    expect(violations).toEqual(
      violationsOf([
        'pagination_params.page_token: is not a token of this service for a list of this microgrid, filter and sort order',
      ]),
    );
  }

  it.each([
    ['is empty', () => ''],
    ['is no base64url', () => '!'],
    ['is no JSON', () => 'x'],
    ['is of another service', () => '10:5'],
    ['is a number', () => Buffer.from('10').toString('base64url')],
    ['is null', () => Buffer.from('null').toString('base64url')],
    ['holds nothing', () => Buffer.from('[]').toString('base64url')],
    ['is cut', given => given.slice(0, -1)],
    ['goes on', given => `${given}A`],
    ['is padded', given => `${given}=`],
    ['begins with a space', given => ` ${given}`],
    ['is spelled otherwise', given => Buffer.from(`${JSON.stringify(decoded(given))} `).toString('base64url')],
    ['holds more parts', given => changed(given, parts => [...parts, 1])],
    ['holds fewer parts', given => changed(given, parts => parts.slice(0, 4))],
    ['holds two parts', given => changed(given, parts => parts.slice(3))],
    ['has another size', withPart(0, 2)],
    ['has no size', withPart(0, 0)],
    ['has a negative size', withPart(0, -1)],
    ['has a size above the limit', withPart(0, 1_000_000)],
    ['has half a size', withPart(0, 1.5)],
    ['has a size of another kind', withPart(0, '1')],
    ['has another place', given => changed(given, parts => parts.with(1, Number(parts[1]) + 1))],
    ['has a place of another kind', withPart(1, null)],
    ['has another id', given => changed(given, parts => parts.with(2, Number(parts[2]) + 1))],
    ['has an id above 2^53 - 1', withPart(2, 2 ** 53)],
    ['has another total', withPart(3, 4)],
    ['has a total of another kind', withPart(3, '3')],
    ['has a total below 0', given => tokenOf([...decoded(given).slice(0, 3), -1])],
    ['has a total above 2^32 - 1', given => tokenOf([...decoded(given).slice(0, 3), 2 ** 32])],
    ['has another hash', withPart(4, 'AAAAAAAAAAAAAAAA')],
  ] as readonly (readonly [string, (given: string) => string])[])('is refused when it %s', async (_, change) => {
    await expectRefusal({ paginationParams: token(change(await givenToken())) });
  });

  it.each([
    ['another microgrid', { microgridId: 1_000_000n }],
    ['a list with a filter', { filter: { isActive: true } }],
    ['another order', { sortOptions: { sortOrder: SortOrder.ASCENDING } }],
    ['another sort field', { sortOptions: { sortField: SortField.START_TIME } }],
  ])('is refused for %s', async (_, request) => {
    const paginationParams = token(await givenToken());
    expect((await list({ paginationParams })).dispatches).toHaveLength(1);
    await expectRefusal({ paginationParams, ...request });
  });

  it('stays valid when it is used again, after changes, and in another process', async () => {
    const paginationParams = token(await givenToken());
    const [second] = (await list({ paginationParams })).dispatches;
    await create();
    expect((await list({ paginationParams })).dispatches).toEqual([second]);
    await using other = await rawService();
    const otherList = await other.client.listMicrogridDispatches({ microgridId, paginationParams });
    expect(otherList.dispatches).toEqual([]);
  });

  it('is accepted when it is of an earlier version, which did not keep the total', async () => {
    const given = await givenToken();
    expect(tokenOf(decoded(given).slice(0, 4))).toBe(given);
    await create();
    const next = await list({ paginationParams: token(given) });
    const old = await list({ paginationParams: token(tokenOf(decoded(given).slice(0, 3))) });
    expect(old.dispatches).toEqual(next.dispatches);
    expect([next, old].map(({ paginationInfo }) => paginationInfo?.totalItems)).toEqual([3, 4]);
  });

  it('is the same for what a list is without saying so', async () => {
    const paginationParams = token(await givenToken());
    const spelledOut = { sortField: SortField.CREATE_TIME, sortOrder: SortOrder.DESCENDING };
    expect((await list({ paginationParams, sortOptions: spelledOut, filter: {} })).dispatches).toHaveLength(1);
  });
});
