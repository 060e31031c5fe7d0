import { Status } from 'nice-grpc-common';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type DispatchData,
  RecurrenceRule_Frequency as Frequency,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { daily, ids } from '../../support/dispatchParts.js';
import { created, rawService, refusalOf, violationsOf } from '../../support/rawService.js';
import { ACCEPTED, REFUSED, REFUSED_TYPES, type Row } from './validationRows.js';

const raw = await rawService();
const { client } = raw;
afterAll(() => raw[Symbol.asyncDispose]());

const titled = (rows: readonly Row[]) =>
  rows.map(([data, ...violations]) => [violations.join('; '), data, violations] as const);

describe('create', () => {
  it.each(titled([...REFUSED, ...REFUSED_TYPES]))('refuses %s', async (_, data, violations) => {
    const microgridId = 10n;
    const refusal = await refusalOf(created(client, data, microgridId));
    const descriptions = violations.map(violation => `dispatch_data.${violation}`);
    expect(refusal.code).toBe(Status.INVALID_ARGUMENT);
    expect(refusal.violations).toEqual(violationsOf(descriptions));
    expect(refusal.message).toBe(descriptions.join('; '));
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
    const refusal = await refusalOf(client.createMicrogridDispatch({ microgridId: 1n }));
    expect(refusal.violations).toEqual(violationsOf(['dispatch_data: must be set']));
  });

  it('looks at no start time that it puts its own time in place of', async () => {
    const dispatchData = { type: 'A', startTime: { seconds: -1n, nanos: -1 }, ...ids(1n) };
    const { dispatch } = await client.createMicrogridDispatch({
      microgridId: 1n,
      dispatchData,
      startImmediately: true,
    });
    expect(dispatch?.data?.startTime).toEqual({ seconds: dispatch?.metadata?.createTime?.seconds, nanos: 0 });
  });
});

describe('update', () => {
  it.each(titled(REFUSED))('refuses %s', async (_, data, violations) => {
    const old = await created(client, { duration: 0 });
    const updateMask = Object.keys(data).map(name => (name === 'startTime' ? 'start_time' : name));
    const call = { microgridId: 1n, dispatchId: old.id };
    const refusal = await refusalOf(client.updateMicrogridDispatch({ ...call, updateMask, update: data as object }));
    expect(refusal.code).toBe(Status.INVALID_ARGUMENT);
    expect(refusal.violations).toEqual(violationsOf(violations.map(violation => `update.${violation}`)));
    const { dispatch } = await client.getMicrogridDispatch(call);
    expect(dispatch).toEqual({ metadata: old.metadata, data: old.data });
  });

  it.each(ACCEPTED.filter(([, { type }]) => type === undefined))('accepts %s', async (_, data) => {
    const { id } = await created(client);
    const updateMask = Object.keys(data).map(name => (name === 'startTime' ? 'start_time' : name));
    const call = { microgridId: 1n, dispatchId: id, updateMask, update: data as object };
    const { dispatch } = await client.updateMicrogridDispatch(call);
    const expected = await created(client, data);
    for (const name of Object.keys(data) as (keyof DispatchData)[]) {
      expect(dispatch?.data?.[name]).toEqual(expected.data?.[name]);
    }
  });

  it('refuses what no longer fits together, whichever part is updated', async () => {
    const { id } = await created(client, daily({ bymonthdays: [1] }));
    const recurrence = { freq: Frequency.WEEKLY };
    const call = { microgridId: 1n, dispatchId: id, updateMask: ['recurrence.freq'], update: { recurrence } };
    expect((await refusalOf(client.updateMicrogridDispatch(call))).violations).toEqual(
      violationsOf(['update.recurrence.bymonthdays: must be empty in a WEEKLY rule']),
    );
    const narrowed = { ...call, updateMask: ['recurrence.freq', 'recurrence.bymonthdays'] };
    const { dispatch } = await client.updateMicrogridDispatch(narrowed);
    expect(dispatch?.data?.recurrence).toMatchObject({ freq: Frequency.WEEKLY, bymonthdays: [] });
  });
});
