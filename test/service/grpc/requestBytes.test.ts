import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import fc from 'fast-check';
import { Status } from 'nice-grpc-common';
import { afterAll, describe, expect, it } from 'vitest';
import {
  CreateMicrogridDispatchRequest,
  ListMicrogridDispatchesRequest,
  MicrogridDispatchServiceDefinition,
  UpdateMicrogridDispatchRequest,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { validateDispatchData } from '../../../src/service/domain/validateDispatchData.js';
import { created, dispatchData, FULL_RULE, inSeconds, rawService } from '../../support/rawService.js';

const raw = await rawService();
const { client } = raw;
afterAll(() => raw[Symbol.asyncDispose]());

const ids = (...values: bigint[]) => ({
  target: { components: { $case: 'componentIds' as const, value: { ids: values } } },
});

describe('bytes that are no request', () => {
  const { fullName } = MicrogridDispatchServiceDefinition;

  it('get a status, leave the service alive, and never store what validation refuses', async () => {
    const bare = new Client(`127.0.0.1:${raw.service.port}`, credentials.createInsecure());
    const microgridId = 20n;
    const old = await created(client, { recurrence: FULL_RULE }, microgridId);
    const call = (method: string, request: Uint8Array): Promise<number> =>
      new Promise(resolve => {
        const asIs = (bytes: Buffer) => bytes;
        const done = (error: ServiceError | null) => resolve(error ? error.code : Status.OK);
        bare.makeUnaryRequest(`/${fullName}/${method}`, asIs, asIs, Buffer.from(request), done);
      });
    const full = { microgridId, dispatchData: dispatchData({ recurrence: FULL_RULE, payload: { a: [1, 'b'] } }) };
    const update = { startTime: inSeconds(9999), duration: 5, recurrence: FULL_RULE, ...ids(4n) };
    const requests = {
      CreateMicrogridDispatch: CreateMicrogridDispatchRequest.encode(
        CreateMicrogridDispatchRequest.fromPartial(full),
      ).finish(),
      UpdateMicrogridDispatch: UpdateMicrogridDispatchRequest.encode(
        UpdateMicrogridDispatchRequest.fromPartial({
          microgridId,
          dispatchId: old.id,
          updateMask: ['start_time', 'duration', 'target', 'recurrence'],
          update,
        }),
      ).finish(),
      ListMicrogridDispatches: ListMicrogridDispatchesRequest.encode(
        ListMicrogridDispatchesRequest.fromPartial({
          microgridId,
          filter: { targets: [ids(1n).target], dispatchIds: [1n], queries: ['#1'] },
        }),
      ).finish(),
    };
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(Object.keys(requests) as (keyof typeof requests)[])),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        // What is whole may be accepted.
        fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 10 })),
        async (method, changes, cut) => {
          const bytes = requests[method].slice(0, requests[method].length - cut);
          for (const [position, value] of changes) bytes[position % bytes.length] = value;
          seen.add(await call(method, bytes));
        },
      ),
      { numRuns: 2000 },
    );
    bare.close();
    const allowed = [Status.OK, Status.INVALID_ARGUMENT, Status.NOT_FOUND, Status.INTERNAL];
    expect([...seen].filter(code => !allowed.includes(code))).toEqual([]);

    const stored = await client.listMicrogridDispatches({
      microgridId,
      paginationParams: { params: { $case: 'pageSize', value: 1000 } },
    });
    expect(stored.dispatches.length).toBeGreaterThan(1);
    for (const { data } of stored.dispatches) {
      expect(data && [...validateDispatchData(data, 'data', { nowS: null })]).toEqual([]);
    }
  });
});
