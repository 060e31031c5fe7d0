import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import fc from 'fast-check';
import { Status } from 'nice-grpc-common';
import { afterAll, describe, expect, it } from 'vitest';
import {
  CreateMicrogridDispatchRequest,
  type DeepPartial,
  type DispatchData,
  MicrogridDispatchServiceDefinition,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { categories } from '../../support/dispatchParts.js';
import { created, dispatchData, rawService, refusalOf, violationsOf } from '../../support/rawService.js';

const raw = await rawService();
const { client } = raw;
const bare = new Client(`127.0.0.1:${raw.service.port}`, credentials.createInsecure());
afterAll(() => {
  bare.close();
  return raw[Symbol.asyncDispose]();
});

/** What clients in C++ and Python take by default. */
const MAX_TRAILER_BYTES = 8 * 1024;

/** A create call by grpc-js alone, and the bytes of its trailers as HTTP/2 counts them (RFC 9113 section 6.5.2). */
async function bareRefusal(data: DeepPartial<DispatchData>) {
  const path = `/${MicrogridDispatchServiceDefinition.fullName}/CreateMicrogridDispatch`;
  const request = CreateMicrogridDispatchRequest.fromPartial({ dispatchData: dispatchData(data) });
  const error = await new Promise<ServiceError | null>(resolve => {
    bare.makeUnaryRequest(
      path,
      (message: CreateMicrogridDispatchRequest) => Buffer.from(CreateMicrogridDispatchRequest.encode(message).finish()),
      (bytes: Buffer) => bytes,
      request,
      new Metadata(),
      resolve,
    );
  });
  if (!error) throw new Error('the call was not refused');
  const sent: [string, string][] = [
    ['grpc-status', String(error.code)],
    ['grpc-message', encodeURI(error.details)],
    ...Object.entries(error.metadata.toHttp2Headers()).map(([name, value]): [string, string] => [name, String(value)]),
  ];
  return { error, trailerBytes: sent.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0) };
}

describe('the details of an error', () => {
  it('hold twenty violations at most, and the message says that there are more', async () => {
    const hours = Array.from({ length: 24 }, () => 99);
    const { violations, message } = await refusalOf(created(client, { recurrence: { freq: 3, byhours: hours } }));
    const descriptions = hours.map((_, i) => `dispatch_data.recurrence.byhours[${i}]: must be 0 to 23, not 99`);
    expect(violations).toEqual(violationsOf(descriptions.slice(0, 20)));
    expect(message.endsWith('; and more')).toBe(true);
    expect(descriptions.join('; ').startsWith(message.slice(0, -'; and more'.length))).toBe(true);
  });

  it('do not say so of exactly twenty', async () => {
    const payload = { a: Array.from({ length: 20 }, () => Number.NaN) };
    const { violations } = await refusalOf(created(client, { payload }));
    expect(violations).toHaveLength(20);
    expect(violations.at(-1)?.field).toBe('dispatch_data.payload.a[19]');
  });

  it('are there for a single field that is wrong outside the data too', async () => {
    const { code, violations, message } = await refusalOf(client.createMicrogridDispatch({ microgridId: 2n ** 53n }));
    expect(code).toBe(Status.INVALID_ARGUMENT);
    expect(violations).toEqual([{ field: 'microgrid_id', description: message }]);
  });

  it('are absent from an error that is about no field', async () => {
    const call = client.getMicrogridDispatch({ microgridId: 1n, dispatchId: 77n });
    expect(await refusalOf(call)).toMatchObject({ code: Status.NOT_FOUND, violations: [] });
  });

  // The longest that there are: twenty of the longest fixed path, and twenty with paths of the caller's making.
  const long = (text: string): DeepPartial<DispatchData> => {
    const values = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${i}${text}`, Number.NaN]));
    return { payload: { [text]: { [text]: values } } };
  };
  it.each([
    [
      'types',
      categories(...Array(1000).fill({ category: 6, type: { $case: 'evCharger' as const, value: -(2 ** 31) as 1 } })),
    ],
    ['keys of letters', long('k'.repeat(900))],
    ['keys of spaces', long(' '.repeat(900))],
    ['keys of emoji', long('😀'.repeat(900))],
    ['keys of control characters', long('\r\n\0\x7f'.repeat(100))],
    ['keys of quotes', long('"\\'.repeat(300))],
  ])('fit into the trailers that clients take, however long they are: %s', async (_, data) => {
    const { error, trailerBytes } = await bareRefusal(data);
    expect(error.code).toBe(Status.INVALID_ARGUMENT);
    expect(trailerBytes).toBeLessThan(MAX_TRAILER_BYTES);
    const { violations, message } = await refusalOf(created(client, data));
    expect(message).toBe(error.details);
    expect(violations).toHaveLength(20);
    for (const { field, description } of violations) expect(description.startsWith(`${field}: must `)).toBe(true);
  });

  it('arrive whatever the keys of a payload are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 100 }), { minLength: 1 }), async keys => {
        const payload = Object.fromEntries(keys.map(key => [key, Number.NaN]));
        const { error, trailerBytes } = await bareRefusal({ payload });
        expect(error.code).toBe(Status.INVALID_ARGUMENT);
        expect(error.details).toMatch(/^dispatch_data\.payload/);
        expect(trailerBytes).toBeLessThan(MAX_TRAILER_BYTES);
      }),
      { numRuns: 200 },
    );
  });
});
