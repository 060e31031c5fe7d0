import fc from 'fast-check';
import { Status } from 'nice-grpc-common';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type DeepPartial,
  type DispatchData,
  type UpdateMicrogridDispatchRequest_DispatchUpdate as DispatchUpdate,
  RecurrenceRule_Frequency as Frequency,
  type RecurrenceRule,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import {
  created,
  FULL_RULE,
  inSeconds,
  openStream,
  rawService,
  refusalOf,
  violationsOf,
} from '../../support/rawService.js';

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
      details: expect.stringMatching(/^update\.recurrence\.freq: must be one of MINUTELY, .*, YEARLY, not 0$/),
    });
    const dispatch = await update(id, ['recurrence.byhours', 'recurrence.freq'], { recurrence });
    expect(dispatch?.data?.recurrence).toMatchObject({ ...recurrence, interval: 1 });
  });

  it('with frequency UNSPECIFIED removes the rule, unless it sets another part', async () => {
    const { id } = await created(client, { recurrence: FULL_RULE });
    const recurrence = { freq: Frequency.UNSPECIFIED, byhours: [12] };
    await expect(update(id, ['recurrence.freq', 'recurrence.byhours'], { recurrence })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringMatching(/^update\.recurrence\.freq: must be one of MINUTELY, .*, YEARLY, not 0$/),
    });
    expect((await update(id, ['recurrence.freq'], { recurrence }))?.data?.recurrence).toBeUndefined();
  });

  const PATHS = 'start_time, duration, target, is_active, payload, recurrence';
  const PARTS = 'freq,interval,end_criteria,byminutes,byhours,byweekdays,bymonthdays,bymonths';

  it.each(['bogus', 'type', 'is_dry_run', 'startTime', 'toString', '', 'start_time ', 'recurrence.', 'recurrence.x.y'])(
    'with %j changes nothing',
    async path => {
      const old = await created(client);
      const allowed = path.startsWith('recurrence.') ? `recurrence.{${PARTS}}` : PATHS;
      const { code, violations } = await refusalOf(update(old.id, ['duration', path], UPDATE));
      expect(code).toBe(Status.INVALID_ARGUMENT);
      expect(violations).toEqual(
        violationsOf([`update_mask.paths[1]: ${JSON.stringify(path)} is not one of ${allowed}`]),
      );
      expect(await data(old.id)).toEqual(old.data);
    },
  );

  it('names all its unknown paths, each once, and whatever else is wrong', async () => {
    const { id } = await created(client);
    const mask = ['a', 'is_active', 'b', 'start_time', 'a', 'recurrence.constructor', 'target', 'recurrence.byhours'];
    const { violations } = await refusalOf(update(id, mask, { recurrence: { byhours: [24] } }));
    expect(violations.map(({ description }) => description.split(' is not one of ')[0])).toEqual([
      'update_mask.paths[0]: "a"',
      'update_mask.paths[2]: "b"',
      'update_mask.paths[5]: "recurrence.constructor"',
      'update.is_active: must be set, since update_mask names it',
      'update.start_time: must be set',
      'update.target: must name at least one component id or category',
      'update.recurrence.byhours[0]: must be 0 to 23, not 24',
    ]);
  });

  it('of a part of a rule needs the rest of it, once all that it names is right', async () => {
    const { id } = await created(client);
    const { violations } = await refusalOf(update(id, ['recurrence.byhours'], { recurrence: { byhours: [23] } }));
    expect(violations.map(({ field }) => field)).toEqual(['update.recurrence.freq']);
  });

  it('with very many unknown paths is told the first twenty', async () => {
    const { id } = await created(client);
    // Nearly as many as a request can hold.
    const mask = Array.from({ length: 20_000 }, (_, index) => index.toString(36));
    const { code, message, violations } = await refusalOf(update(id, mask));
    expect(code).toBe(Status.INVALID_ARGUMENT);
    expect(violations).toHaveLength(20);
    expect(message).toMatch(/; and more$/);
  });

  it('with an unknown path of any length and letters is told in a short message', async () => {
    const { id } = await created(client);
    const path = `\r\n\u0000\u202e"%😀${'😀'.repeat(10_000)}`;
    const { message, violations } = await refusalOf(update(id, [path], UPDATE));
    expect(message).toBe(`update_mask.paths[0]: "\\r\\n\\u0000\u202e\\"%😀😀😀😀…" is not one of ${PATHS}`);
    expect(violations).toEqual(violationsOf([message]));
  });

  it.each([
    ['recurrence.interval', { interval: 0 }],
    ['recurrence', { freq: Frequency.DAILY, interval: 0 }],
  ])('with %s refuses an interval that is set to 0', async (path, recurrence) => {
    const old = await created(client, { recurrence: FULL_RULE });
    const { violations } = await refusalOf(update(old.id, [path], { recurrence }));
    expect(violations).toEqual(violationsOf(['update.recurrence.interval: must be 1 to 10000, not 0']));
    // One that is not set is 1, and one that the mask does not name is not looked at.
    const byhours = await update(old.id, ['recurrence.byhours'], { recurrence });
    expect(byhours?.data?.recurrence?.interval).toBe(2);
    const unset = await update(old.id, ['recurrence.interval'], { recurrence: {} });
    expect(unset?.data?.recurrence?.interval).toBe(1);
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
      details: expect.stringMatching(
        /^update\.start_time: must not be in the past: it is 6[01] s before the time of this/,
      ),
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
