import { Status } from 'nice-grpc-common';
import { afterAll, describe, expect, it } from 'vitest';
import { RecurrenceRule_Frequency as Frequency } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { Timestamp } from '../../../proto/gen/google/protobuf/timestamp.js';
import { created, dispatchData, inSeconds, rawService } from '../../support/rawService.js';

const raw = await rawService();
const { client } = raw;
afterAll(() => raw[Symbol.asyncDispose]());

const seconds = (timestamp: Timestamp | undefined) => Number(timestamp?.seconds);
const micros = (timestamp: Timestamp | undefined) => Number(timestamp?.seconds) * 1e6 + Number(timestamp?.nanos) / 1000;
const nextMonday = () => {
  const day = Math.ceil(Date.now() / 86_400_000) + 1;
  return BigInt((day + ((7 - ((day + 3) % 7)) % 7)) * 86_400);
};

describe('create', () => {
  it('returns the dispatch with what the service decides', async () => {
    const before = Date.now() * 1000;
    const dispatch = await created(client, { payload: { power: 1.5, steps: [1, null, { on: true }] } });
    expect(dispatch.metadata?.dispatchId).toBeGreaterThan(0n);
    expect(micros(dispatch.metadata?.createTime)).toBeGreaterThanOrEqual(before);
    expect(dispatch.metadata?.updateTime).toEqual(dispatch.metadata?.createTime);
    expect(dispatch.data).toMatchObject({
      type: 'TEST',
      duration: 600,
      isActive: true,
      isDryRun: false,
      payload: { power: 1.5, steps: [1, null, { on: true }] },
      recurrence: undefined,
    });
  });

  it('gives every dispatch another id, also across microgrids', async () => {
    const ids = await Promise.all(
      [1n, 2n, 1n, 3n].map(async microgridId => (await created(client, {}, microgridId)).id),
    );
    expect(new Set(ids).size).toBe(4);
  });

  it('stores data that get returns unchanged', async () => {
    const { id, metadata, data } = await created(client, { isDryRun: true, isActive: false, duration: 0 });
    const answer = await client.getMicrogridDispatch({ microgridId: 1n, dispatchId: id });
    expect(answer).toEqual({ microgridId: 1n, dispatch: { metadata, data } });
    expect(data?.duration).toBe(0);
  });

  it('puts its own time, cut to the second, in place of the start time on request', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { dispatch } = await client.createMicrogridDispatch({
      microgridId: 1n,
      dispatchData: dispatchData({ startTime: undefined }),
      startImmediately: true,
    });
    expect(dispatch?.data?.startTime).toEqual({ seconds: dispatch?.metadata?.createTime?.seconds, nanos: 0 });
    expect(seconds(dispatch?.data?.startTime)).toBeGreaterThanOrEqual(before);
  });

  it.each([
    ['down', 1_000_001n, 499_999_999, 1_000_001n],
    ['up', 1_000_001n, 500_000_001, 1_000_002n],
    ['half to the even second above', 1_000_001n, 500_000_000, 1_000_002n],
    ['half to the even second below', 1_000_002n, 500_000_000, 1_000_002n],
  ])('rounds the start time to the nearest second: %s', async (_, offset, nanos, rounded) => {
    const base = 4_000_000_000n;
    const { data } = await created(client, { startTime: { seconds: base + offset, nanos } });
    expect(data?.startTime).toEqual({ seconds: base + rounded, nanos: 0 });
  });

  it('accepts a start time up to five seconds ago and refuses an earlier one', async () => {
    await created(client, { startTime: inSeconds(-3) });
    await expect(created(client, { startTime: inSeconds(-8) })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringMatching(
        /^dispatch_data\.start_time: must not be in the past: it is [89] s before the time of/,
      ),
    });
  });

  it('takes a recurrence message that says nothing as no recurrence', async () => {
    const { data } = await created(client, { recurrence: { endCriteria: {} } });
    expect(data?.recurrence).toBeUndefined();
  });

  it('takes an interval that is not set as 1 and an empty end as none', async () => {
    const { data } = await created(client, { recurrence: { freq: Frequency.DAILY, endCriteria: {} } });
    expect(data?.recurrence).toMatchObject({ freq: Frequency.DAILY, interval: 1, endCriteria: undefined });
  });

  it('writes categories in the present form and fills in the category of a type', async () => {
    const superseded = await created(client, {
      target: { components: { $case: 'componentCategories', value: { categories: [5, 6] } } },
    });
    expect(superseded.data?.target?.components).toEqual({
      $case: 'componentCategoriesTypes',
      value: {
        categories: [
          { category: 5, type: undefined },
          { category: 6, type: undefined },
        ],
      },
    });
    const typed = await created(client, {
      target: {
        components: {
          $case: 'componentCategoriesTypes',
          value: { categories: [{ type: { $case: 'evCharger', value: 2 } }] },
        },
      },
    });
    expect(typed.data?.target?.components?.value).toEqual({
      categories: [{ category: 6, type: { $case: 'evCharger', value: 2 } }],
    });
  });
});

describe('the end time', () => {
  it.each([
    ['start and duration of a single run', { duration: 600 }, 600],
    ['the start of a run without length', { duration: 0 }, 0],
    ['absent without a duration', { duration: undefined }, null],
    ['absent for an endless rule', { recurrence: { freq: Frequency.DAILY } }, null],
    [
      'absent for a rule without a duration',
      {
        duration: undefined,
        recurrence: { freq: Frequency.DAILY, endCriteria: { countOrUntil: { $case: 'count' as const, value: 3 } } },
      },
      null,
    ],
    [
      'the end of the last run of a counted rule',
      { recurrence: { freq: Frequency.DAILY, endCriteria: { countOrUntil: { $case: 'count' as const, value: 3 } } } },
      2 * 86_400 + 600,
    ],
    [
      'the start time of a rule that never runs',
      { recurrence: { freq: Frequency.YEARLY, bymonths: [2], bymonthdays: [30] } },
      0,
    ],
    [
      'the start time of a rule that ends before it begins',
      {
        recurrence: {
          freq: Frequency.DAILY,
          endCriteria: { countOrUntil: { $case: 'untilTime' as const, value: { seconds: 0n, nanos: 0 } } },
        },
      },
      0,
    ],
  ])('is %s', async (_, overrides, offset) => {
    const { metadata, data } = await created(client, overrides);
    const end = metadata?.endTime;
    expect(end === undefined ? null : seconds(end) - seconds(data?.startTime)).toBe(offset);
  });

  it('counts a run that begins exactly at until, and none later', async () => {
    const monday = nextMonday();
    const rule = (untilOffset: bigint) => ({
      startTime: { seconds: monday, nanos: 0 },
      recurrence: {
        freq: Frequency.WEEKLY,
        endCriteria: {
          countOrUntil: { $case: 'untilTime' as const, value: { seconds: monday + untilOffset, nanos: 0 } },
        },
      },
    });
    const week = 7 * 86_400;
    const inclusive = await created(client, rule(BigInt(week)));
    expect(inclusive.metadata?.endTime?.seconds).toBe(monday + BigInt(week) + 600n);
    const exclusive = await created(client, rule(BigInt(week - 1)));
    expect(exclusive.metadata?.endTime?.seconds).toBe(monday + 600n);
  });

  it('follows an update', async () => {
    const { id, data } = await created(client);
    const { dispatch } = await client.updateMicrogridDispatch({
      microgridId: 1n,
      dispatchId: id,
      updateMask: ['duration'],
      update: { duration: 60 },
    });
    expect(seconds(dispatch?.metadata?.endTime) - seconds(data?.startTime)).toBe(60);
  });
});

describe('get, update and delete', () => {
  it('answer NOT_FOUND and name the id where the microgrid has none', async () => {
    const { id } = await created(client);
    for (const [microgridId, dispatchId] of [
      [1n, 987_654n],
      [2n, id],
    ] as const) {
      const notFound = { code: Status.NOT_FOUND, details: `microgrid ${microgridId} has no dispatch ${dispatchId}` };
      const ids = { microgridId, dispatchId };
      await expect(client.getMicrogridDispatch(ids)).rejects.toMatchObject(notFound);
      await expect(client.deleteMicrogridDispatch(ids)).rejects.toMatchObject(notFound);
      await expect(client.updateMicrogridDispatch({ ...ids, updateMask: [] })).rejects.toMatchObject(notFound);
    }
  });

  it('delete answers with both ids, and the dispatch is gone', async () => {
    const { id } = await created(client);
    const ids = { microgridId: 1n, dispatchId: id };
    expect(await client.deleteMicrogridDispatch(ids)).toEqual(ids);
    await expect(client.getMicrogridDispatch(ids)).rejects.toMatchObject({ code: Status.NOT_FOUND });
    await expect(client.deleteMicrogridDispatch(ids)).rejects.toMatchObject({ code: Status.NOT_FOUND });
  });
});
