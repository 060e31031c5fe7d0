import fc from 'fast-check';
import { Status } from 'nice-grpc-common';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type DeepPartial,
  type DispatchData,
  type UpdateMicrogridDispatchRequest_DispatchUpdate as DispatchUpdate,
  RecurrenceRule_Frequency as Frequency,
  type RecurrenceRule,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { created, FULL_RULE, inSeconds, openStream, rawService } from '../support/rawService.js';

const raw = await rawService();
const { client } = raw;
afterAll(() => raw[Symbol.asyncDispose]());

const update = async (dispatchId: bigint, updateMask: string[], values?: DeepPartial<DispatchUpdate>) =>
  (await client.updateMicrogridDispatch({ microgridId: 1n, dispatchId, updateMask, ...(values && { update: values }) }))
    .dispatch;
const data = async (dispatchId: bigint): Promise<DispatchData | undefined> =>
  (await client.getMicrogridDispatch({ microgridId: 1n, dispatchId })).dispatch?.data;

/** A new value for each path of the mask, and where it must be found afterwards. */
const UPDATE: DispatchUpdate & { recurrence: RecurrenceRule } = {
  startTime: { seconds: 4_000_000_000n, nanos: 0 },
  duration: 7,
  target: { components: { $case: 'componentIds', value: { ids: [8n, 9n] } } },
  isActive: false,
  payload: { new: true },
  recurrence: {
    freq: Frequency.MONTHLY,
    interval: 3,
    endCriteria: {
      countOrUntil: { $case: 'untilTime', value: { seconds: 5_000_000_000n, nanos: 5 } },
    },
    byminutes: [15],
    byhours: [7],
    byweekdays: [2],
    bymonthdays: [4],
    bymonths: [6],
  },
};
const TOP_PATHS = {
  start_time: 'startTime',
  duration: 'duration',
  target: 'target',
  is_active: 'isActive',
  payload: 'payload',
  recurrence: 'recurrence',
} as const;
const RULE_PATHS = {
  'recurrence.freq': 'freq',
  'recurrence.interval': 'interval',
  'recurrence.end_criteria': 'endCriteria',
  'recurrence.byminutes': 'byminutes',
  'recurrence.byhours': 'byhours',
  'recurrence.byweekdays': 'byweekdays',
  'recurrence.bymonthdays': 'bymonthdays',
  'recurrence.bymonths': 'bymonths',
} as const;
type TopPath = keyof typeof TOP_PATHS;
type RulePath = keyof typeof RULE_PATHS;
const ALL_PATHS = [...Object.keys(TOP_PATHS), ...Object.keys(RULE_PATHS)] as (TopPath | RulePath)[];

function expected(old: DispatchData, mask: readonly (TopPath | RulePath)[]): DispatchData {
  const next: DispatchData = structuredClone(old);
  const named = new Set(mask);
  for (const path of Object.keys(TOP_PATHS) as TopPath[]) {
    if (named.has(path)) Object.assign(next, { [TOP_PATHS[path]]: UPDATE[TOP_PATHS[path]] });
  }
  for (const path of Object.keys(RULE_PATHS) as RulePath[]) {
    if (!named.has(path)) continue;
    Object.assign(next.recurrence ?? {}, { [RULE_PATHS[path]]: UPDATE.recurrence[RULE_PATHS[path]] });
  }
  return next;
}

describe('a mask', () => {
  it.each(ALL_PATHS)('with %s changes that and nothing else', async path => {
    const old = await created(client, { recurrence: FULL_RULE, payload: { old: 1 } });
    const dispatch = await update(old.id, [path], UPDATE);
    expect(dispatch?.data).toEqual(expected(old.data as DispatchData, [path]));
    expect(dispatch?.data).not.toEqual(old.data);
    expect(await data(old.id)).toEqual(dispatch?.data);
  });

  it('changes exactly what it names, in any combination and order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...ALL_PATHS), { minLength: 1, maxLength: 8 }), async mask => {
        const old = await created(client, { recurrence: FULL_RULE, payload: { old: 1 } });
        const dispatch = await update(old.id, mask, UPDATE);
        expect(dispatch?.data).toEqual(expected(old.data as DispatchData, mask));
      }),
      { numRuns: 100 },
    );
  });

  it('keeps the create time and the id, and moves the update time on', async () => {
    const old = await created(client);
    const dispatch = await update(old.id, ['is_active'], { isActive: false });
    expect(dispatch?.metadata?.dispatchId).toBe(old.id);
    expect(dispatch?.metadata?.createTime).toEqual(old.metadata?.createTime);
    expect(dispatch?.metadata?.updateTime).not.toEqual(old.metadata?.updateTime);
  });

  it('that is empty changes nothing and makes no event', async () => {
    const old = await created(client);
    await using stream = await openStream(client);
    const unchanged = await update(old.id, [], UPDATE);
    expect(unchanged).toEqual({ metadata: old.metadata, data: old.data });
    await update(old.id, ['duration'], { duration: 1 });
    expect((await stream.next()).dispatch?.data?.duration).toBe(1);
  });

  it('with duration and no value removes the end of runs', async () => {
    const { id } = await created(client);
    const dispatch = await update(id, ['duration']);
    expect(dispatch?.data?.duration).toBeUndefined();
    expect(dispatch?.metadata?.endTime).toBeUndefined();
    expect((await update(id, ['duration'], { duration: 0 }))?.data?.duration).toBe(0);
  });

  it('with recurrence replaces the whole rule, and without a value removes it', async () => {
    const { id } = await created(client, { recurrence: FULL_RULE });
    const replaced = await update(id, ['recurrence'], { recurrence: { freq: Frequency.DAILY } });
    expect(replaced?.data?.recurrence).toMatchObject({ freq: Frequency.DAILY, interval: 1, byhours: [] });
    expect(replaced?.data?.recurrence?.endCriteria).toBeUndefined();
    expect((await update(id, ['recurrence'], {}))?.data?.recurrence).toBeUndefined();
  });

  it('with an empty end of recurrence removes the end', async () => {
    const { id } = await created(client, { recurrence: FULL_RULE });
    const dispatch = await update(id, ['recurrence.end_criteria'], { recurrence: { endCriteria: {} } });
    expect(dispatch?.data?.recurrence?.endCriteria).toBeUndefined();
    expect(dispatch?.metadata?.endTime).toBeUndefined();
  });

  it('with a path below a missing rule makes a rule, which needs a frequency', async () => {
    const { id } = await created(client);
    const recurrence = { freq: Frequency.DAILY, byhours: [12] };
    await expect(update(id, ['recurrence.byhours'], { recurrence })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'update.recurrence.freq: must be set',
    });
    const dispatch = await update(id, ['recurrence.byhours', 'recurrence.freq'], { recurrence });
    expect(dispatch?.data?.recurrence).toMatchObject({ ...recurrence, interval: 1 });
  });

  it('with frequency UNSPECIFIED removes the rule, unless it sets another part', async () => {
    const { id } = await created(client, { recurrence: FULL_RULE });
    const recurrence = { freq: Frequency.UNSPECIFIED, byhours: [12] };
    await expect(update(id, ['recurrence.freq', 'recurrence.byhours'], { recurrence })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'update.recurrence.freq: must be set',
    });
    expect((await update(id, ['recurrence.freq'], { recurrence }))?.data?.recurrence).toBeUndefined();
  });

  it.each([
    ['bogus', 'Invalid fields in update_mask: bogus'],
    ['type', 'Invalid fields in update_mask: type'],
    ['is_dry_run', 'Invalid fields in update_mask: is_dry_run'],
    ['startTime', 'Invalid fields in update_mask: startTime'],
    ['toString', 'Invalid fields in update_mask: toString'],
    ['', 'Invalid fields in update_mask: '],
    ['recurrence.bogus', 'Invalid recurrence path: recurrence.bogus'],
    ['recurrence.constructor', 'Invalid recurrence path: recurrence.constructor'],
    ['recurrence.', 'Invalid recurrence path: recurrence.'],
  ])('with %j changes nothing', async (path, details) => {
    const old = await created(client);
    await expect(update(old.id, ['duration', path], UPDATE)).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details,
    });
    expect(await data(old.id)).toEqual(old.data);
  });

  it.each([
    ['start_time', 'update.start_time: must be set'],
    ['target', 'update.target: must name at least one component id or category'],
    ['is_active', 'update.is_active: must be set, since update_mask names it'],
  ])('with %s needs a value', async (path, details) => {
    const old = await created(client);
    await expect(update(old.id, [path])).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT, details });
    expect(await data(old.id)).toEqual(old.data);
  });
});

describe('the start time of an update', () => {
  it('must not lie in the past where it is new', async () => {
    const old = await created(client);
    await expect(update(old.id, ['start_time'], { startTime: inSeconds(-60) })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'update.start_time: lies in the past',
    });
    expect(await data(old.id)).toEqual(old.data);
  });

  it('may be the present one, whenever that is', async () => {
    const old = await created(client, { startTime: inSeconds(-4) });
    // The same second, spelled with a fraction that rounding takes away.
    const startTime = { seconds: old.data?.startTime?.seconds ?? 0n, nanos: 400_000_000 };
    const dispatch = await update(old.id, ['start_time'], { startTime });
    expect(dispatch?.data).toEqual(old.data);
  });
});
