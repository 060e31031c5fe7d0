import { expect, it } from 'vitest';
import { ListMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { failure } from '../support/failure.js';
import { scriptedService } from '../support/scriptedService.js';

/** A service that makes pages as large as they are asked for, by default of 100, whatever the message becomes. */
async function boundlessService(count: number, bytesEach: number) {
  const ids = Array.from({ length: count }, (_, i) => count - i);
  const askedSizes: number[] = [];
  const service = await scriptedService({
    listMicrogridDispatches: async ({ paginationParams }) => {
      const { params } = paginationParams ?? {};
      const [offset, size] =
        params?.$case === 'pageToken' ? params.value.split(':').map(Number) : [0, params?.value ?? 100];
      if (params?.$case !== 'pageToken') askedSizes.push(size ?? 0);
      const next = (offset ?? 0) + (size ?? 0);
      const dispatches = ids
        .slice(offset, next)
        .map(id => encodeDispatch(dispatchRecord({ id, type: 'x'.repeat(bytesEach) })));
      const nextPageToken = next < ids.length ? `${next}:${size}` : undefined;
      return ListMicrogridDispatchesResponse.create({
        dispatches,
        paginationInfo: { totalItems: count, nextPageToken },
      });
    },
  });
  return { ids, askedSizes, service, address: service.address };
}

async function listIds(client: DispatchClient, pageSize?: number): Promise<number[]> {
  const listed: number[] = [];
  const options = pageSize === undefined ? {} : { pageSize };
  for await (const { id } of client.list({ microgridId: 1, ...options })) listed.push(id);
  return listed;
}

it('a message of 15 MB is received', async () => {
  const { ids, service, address } = await boundlessService(5, 3_000_000);
  await using client = new DispatchClient({ address });
  expect(await listIds(client, 5)).toEqual(ids);
  await service[Symbol.asyncDispose]();
});

it('a page above 16 MB is asked for with half the dispatches, until it fits, and nothing is listed twice', async () => {
  const { ids, askedSizes, service, address } = await boundlessService(11, 3_500_000);
  await using client = new DispatchClient({ address });
  expect(await listIds(client, 10)).toEqual(ids);
  expect(askedSizes).toEqual([10, 5, 2]);
  askedSizes.length = 0;
  expect(await listIds(client)).toEqual(ids);
  expect(askedSizes).toEqual([100, 50, 25, 12, 6, 3]);
  await service[Symbol.asyncDispose]();
});

it('a list after whose first pages one is too large goes on with what is not listed yet', async () => {
  const sizes = [1, 1, 9_000_000, 9_000_000];
  const asked: string[] = [];
  await using service = await scriptedService({
    listMicrogridDispatches: async ({ paginationParams }) => {
      const { params } = paginationParams ?? {};
      const [offset = 0, size = 0] =
        params?.$case === 'pageToken' ? params.value.split(':').map(Number) : [0, Number(params?.value)];
      asked.push(`${offset}:${size}`);
      const dispatches = sizes
        .map((bytes, i) => encodeDispatch(dispatchRecord({ id: i + 1, type: 'x'.repeat(bytes) })))
        .slice(offset, offset + size);
      const next = offset + size;
      const nextPageToken = next < sizes.length ? `${next}:${size}` : undefined;
      return ListMicrogridDispatchesResponse.create({ dispatches, paginationInfo: { totalItems: 4, nextPageToken } });
    },
  });
  await using client = new DispatchClient({ address: service.address });
  expect(await listIds(client, 2)).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual(['0:2', '2:2', '0:1', '1:1', '2:1', '3:1']);
});

it('a single dispatch that is too large is an error', async () => {
  const { askedSizes, service, address } = await boundlessService(1, 17_000_000);
  await using client = new DispatchClient({ address });
  expect(await failure(listIds(client, 2))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  expect(askedSizes).toEqual([2, 1]);
  await service[Symbol.asyncDispose]();
});
