import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import fc from 'fast-check';
import { Status } from 'nice-grpc-common';
import { afterAll, describe, expect, it } from 'vitest';
import {
  CreateMicrogridDispatchRequest,
  type DeepPartial,
  type DispatchData,
  RecurrenceRule_Frequency as Frequency,
  ListMicrogridDispatchesRequest,
  MicrogridDispatchServiceDefinition,
  type RecurrenceRule,
  type TargetComponents_CategoryAndType,
  UpdateMicrogridDispatchRequest,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { validateDispatchData } from '../../src/service/validateDispatchData.js';
import { created, dispatchData, FULL_RULE, inSeconds, rawService } from '../support/rawService.js';

const raw = await rawService();
const { client } = raw;
afterAll(() => raw[Symbol.asyncDispose]());

const daily = (rule: DeepPartial<RecurrenceRule>) => ({ recurrence: { freq: Frequency.DAILY, ...rule } });
const category = (...categories: DeepPartial<TargetComponents_CategoryAndType>[]) => ({
  target: { components: { $case: 'componentCategoriesTypes' as const, value: { categories } } },
});
const ids = (...values: bigint[]) => ({
  target: { components: { $case: 'componentIds' as const, value: { ids: values } } },
});
const count = (value: number) => ({ endCriteria: { countOrUntil: { $case: 'count' as const, value } } });
const nested = (levels: number): object => (levels === 1 ? {} : { in: nested(levels - 1) });

/** What is refused: the field and the reason, and the data. */
const REFUSED: readonly (readonly [string, DeepPartial<DispatchData>])[] = [
  ['type: must not be empty', { type: '' }],
  ['type: has 257 characters, more than 256', { type: 'ü'.repeat(257) }],
  ['type: must not hold the character U+0000', { type: 'A\0B' }],
  ['start_time: must be set', { startTime: undefined }],
  ['start_time: has 1000000000 nanoseconds, not 0 to 999999999', { startTime: { ...inSeconds(99), nanos: 1e9 } }],
  ['start_time: is not within the years 1 to 9999', { startTime: { seconds: 253_402_300_800n, nanos: 0 } }],
  [
    'duration: makes the last run end after the year 9999',
    { startTime: { seconds: 253_402_300_799n, nanos: 0 }, duration: 1 },
  ],
  ['target: must name at least one component id or category', { target: undefined }],
  ['target: must name at least one component id or category', { target: {} }],
  ['target: must name at least one component id or category', ids()],
  ['target: must name at least one component id or category', category()],
  ['target: names 10001 components, more than 10000', ids(...Array.from({ length: 10_001 }, (_, id) => BigInt(id)))],
  ['target: component id 9007199254740992 is above 2^53 - 1, which this service cannot represent', ids(1n, 2n ** 53n)],
  ['target: battery type 3 is unknown', category({ category: 5, type: { $case: 'battery', value: 3 as 1 } })],
  ['target: inverter type 9 is unknown', category({ category: 3, type: { $case: 'inverter', value: 9 as 1 } })],
  ['target: EV charger type -1 is unknown', category({ category: 6, type: { $case: 'evCharger', value: -1 as 1 } })],
  [
    'target: a type of battery does not fit category 3',
    category({ category: 3, type: { $case: 'battery', value: 1 } }),
  ],
  ['payload: a.1 is not a finite number', { payload: { a: [0, Number.NaN] } }],
  ['payload: a is not a finite number', { payload: { a: Number.POSITIVE_INFINITY } }],
  ['payload: nests deeper than 5 levels', { payload: { a: [[[[[]]]]] } }],
  ['payload: has 51211 bytes, more than 51200', { payload: { text: 'x'.repeat(51_200) } }],
  ['recurrence.freq: must be set', { recurrence: { interval: 1 } }],
  ['recurrence.freq: must be set', { recurrence: { bymonths: [1] } }],
  ['recurrence.freq: 7 is unknown', { recurrence: { freq: 7 as 1 } }],
  ['recurrence.interval: 10001 is not within 0 to 10000', daily({ interval: 10_001 })],
  ['recurrence.end_criteria.count: 0 is not within 1 to 4096', daily(count(0))],
  ['recurrence.end_criteria.count: 4097 is not within 1 to 4096', daily(count(4097))],
  [
    'recurrence.end_criteria.until_time: has -1 nanoseconds, not 0 to 999999999',
    daily({ endCriteria: { countOrUntil: { $case: 'untilTime', value: { seconds: 9n, nanos: -1 } } } }),
  ],
  ['recurrence.byminutes: 60 is not within 0 to 59', daily({ byminutes: [0, 60] })],
  ['recurrence.byhours: 24 is not within 0 to 23', daily({ byhours: [24] })],
  ['recurrence.byweekdays: names no weekday', daily({ byweekdays: [1, 0] })],
  ['recurrence.byweekdays: 8 is unknown', daily({ byweekdays: [8 as 1] })],
  ['recurrence.bymonthdays: 0 is neither 1 to 31 nor -31 to -1', daily({ bymonthdays: [0] })],
  ['recurrence.bymonthdays: -32 is neither 1 to 31 nor -31 to -1', daily({ bymonthdays: [-32] })],
  ['recurrence.bymonths: 13 is not within 1 to 12', daily({ bymonths: [13] })],
  ['recurrence.bymonths: 0 is not within 1 to 12', daily({ bymonths: [0] })],
];

/** What is just still accepted. */
const ACCEPTED: readonly (readonly [string, DeepPartial<DispatchData>])[] = [
  ['256 characters of type', { type: '😀'.repeat(256) }],
  ['the last second of the year 9999', { startTime: { seconds: 253_402_300_798n, nanos: 0 }, duration: 1 }],
  ['the highest component id', ids(2n ** 53n - 1n)],
  ['10,000 components', ids(...Array.from({ length: 10_000 }, (_, id) => BigInt(id)))],
  ['an unknown category', category({ category: 4711 as 1 })],
  ['a type that is UNSPECIFIED', category({ category: 5, type: { $case: 'battery', value: 0 } })],
  ['five levels of payload', { payload: nested(5) as { in: object } as never }],
  ['51,200 bytes of payload', { payload: { text: 'x'.repeat(51_189) } }],
  ['a payload with the key __proto__', { payload: JSON.parse('{"__proto__":{"a":1}}') }],
  ['the highest interval', daily({ interval: 10_000 })],
  ['the highest count', daily(count(4096))],
  ['a weekly rule with days of the month', { recurrence: { freq: Frequency.WEEKLY, bymonthdays: [1] } }],
  ['every kind of list', { recurrence: FULL_RULE }],
];

describe('create', () => {
  it.each(REFUSED)('refuses %s', async (details, overrides) => {
    const microgridId = 10n;
    await expect(created(client, overrides, microgridId)).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: `dispatch_data.${details}`,
    });
    expect((await client.listMicrogridDispatches({ microgridId })).paginationInfo?.totalItems).toBe(0);
  });

  it.each(ACCEPTED)('accepts %s', async (_, overrides) => {
    const { id, data } = await created(client, overrides);
    expect((await client.getMicrogridDispatch({ microgridId: 1n, dispatchId: id })).dispatch?.data).toEqual(data);
  });

  it('keeps a payload as it is, whatever its keys are', async () => {
    const payload = JSON.parse('{"__proto__":{"a":1},"constructor":[],"":null}');
    const { data } = await created(client, { payload });
    expect(JSON.parse(JSON.stringify(data?.payload))).toEqual(payload);
    expect(Object.keys(data?.payload ?? {}).sort()).toEqual(['', '__proto__', 'constructor']);
  });

  it('needs data', async () => {
    await expect(client.createMicrogridDispatch({ microgridId: 1n })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'dispatch_data: must be set',
    });
  });

  it('tells everything that is wrong at once, up to twenty violations', async () => {
    await expect(created(client, { type: '', target: undefined, ...daily({ byhours: [99] }) })).rejects.toMatchObject({
      details: [
        'dispatch_data.type: must not be empty',
        'dispatch_data.target: must name at least one component id or category',
        'dispatch_data.recurrence.byhours: 99 is not within 0 to 23',
      ].join('; '),
    });
    const many = created(client, daily({ byhours: Array(1000).fill(99) }));
    await expect(many).rejects.toMatchObject({ details: expect.stringMatching(/; and 980 more$/) });
  });
});

describe('update', () => {
  it.each(REFUSED.filter(([, overrides]) => !overrides.type && overrides.type !== ''))(
    'refuses %s',
    async (details, overrides) => {
      const old = await created(client, { duration: 0 });
      const updateMask = Object.keys(overrides).map(name => (name === 'startTime' ? 'start_time' : name));
      const update = { ...overrides } as object;
      const ids = { microgridId: 1n, dispatchId: old.id };
      await expect(client.updateMicrogridDispatch({ ...ids, updateMask, update })).rejects.toMatchObject({
        code: Status.INVALID_ARGUMENT,
        details: `update.${details}`,
      });
      expect((await client.getMicrogridDispatch(ids)).dispatch?.metadata).toEqual(old.metadata);
    },
  );
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
        fc.nat({ max: 10 }),
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
      expect(data && validateDispatchData(data, { earliestStartS: null })).toEqual([]);
    }
  });
});
