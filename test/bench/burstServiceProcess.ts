/** The process of a scripted service: lists dispatches that all start at one instant, streams nothing, ends with its parent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ListMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { dispatchRecord, hourMs } from '../support/dispatchRecord.js';
import { scriptedService } from '../support/scriptedService.js';

const [count, startTimeMs] = process.argv.slice(2).map(Number) as [number, number];
const dispatches = Array.from({ length: count }, (_, i) =>
  encodeDispatch(dispatchRecord({ id: i + 1, startTimeMs, durationMs: hourMs })),
);

const service = await scriptedService({
  async listMicrogridDispatches({ paginationParams }) {
    const params = paginationParams?.params;
    const [from = 0, size = 100] =
      params?.$case === 'pageToken' ? params.value.split(' ').map(Number) : [0, params?.value || 100];
    const nextPageToken = from + size < count ? `${from + size} ${size}` : undefined;
    return ListMicrogridDispatchesResponse.create({
      dispatches: dispatches.slice(from, from + size),
      paginationInfo: { totalItems: count, nextPageToken },
    });
  },
  async *streamMicrogridDispatches(_, { signal }) {
    await sleep(2 ** 30, undefined, { signal });
    yield* [];
  },
});
process.on('disconnect', () => service[Symbol.asyncDispose]());
process.send?.({ port: service.port });
