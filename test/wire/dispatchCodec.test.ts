import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import { Dispatch as DispatchMessage } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord, JsonObject } from '../../src/model/dispatchRecord.js';
import type { RecurrenceRule } from '../../src/model/recurrence/recurrenceRule.js';
import { dispatchArbitrary } from '../../src/testing/dispatchArbitrary.js';
import { ruleArbitrary } from '../../src/testing/ruleArbitrary.js';
import { decodeDispatch, encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { daily, dispatchRecord } from '../support/dispatchRecord.js';

type Metadata = NonNullable<DispatchMessage['metadata']>;
type Data = NonNullable<DispatchMessage['data']>;
type Rule = NonNullable<Data['recurrence']>;
type Target = NonNullable<Data['target']>;

const maxSafe = 2n ** 53n - 1n;

/** A valid message, but for what a test says. */
function message(overrides: { metadata?: Partial<Metadata>; data?: Partial<Data> } = {}): DispatchMessage {
  const { metadata, data } = encodeDispatch(dispatchRecord({ recurrence: daily() }));
  return {
    metadata: { ...(metadata as Metadata), ...overrides.metadata },
    data: { ...(data as Data), ...overrides.data },
  };
}

function ruleMessage(overrides: Partial<Rule>): DispatchMessage {
  return message({ data: { recurrence: { ...(message().data?.recurrence as Rule), ...overrides } } });
}

function targetMessage(components: Target['components']): DispatchMessage {
  return message({ data: { target: { components } } });
}

function throughBytes(record: DispatchRecord): DispatchRecord {
  const bytes = DispatchMessage.encode(encodeDispatch(record)).finish();
  return decodeDispatch(DispatchMessage.decode(bytes), record.microgridId);
}

function refusal(invalid: DispatchMessage): DispatchError {
  try {
    decodeDispatch(invalid, 7);
  } catch (error) {
    if (error instanceof DispatchError) return error;
    throw error;
  }
  throw new Error('the message was accepted');
}

/** An empty list means the same as none, and comes back as none. */
function withoutEmptyLists(rule: RecurrenceRule): RecurrenceRule {
  const kept = Object.entries(rule).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  return Object.fromEntries(kept) as unknown as RecurrenceRule;
}

describe('a record that is encoded and decoded', () => {
  const recurrence = fc.option(ruleArbitrary({ weeklyMonthDays: true }).map(withoutEmptyLists));

  test.prop([dispatchArbitrary({ recurrence })], { numRuns: 500 })('is the same in every field', record => {
    expect(throughBytes(record)).toEqual(record);
  });

  it.each<[string, Partial<DispatchRecord>]>([
    ['no end', { durationMs: null }],
    ['a duration of 0', { durationMs: 0 }],
    ['the longest duration', { durationMs: (2 ** 32 - 1) * 1000 }],
    ['a start before 1970, within a second', { startTimeMs: -1 }],
    ['the first instant', { startTimeMs: Date.parse('0001-01-01T00:00:00Z') }],
    ['the last instants', { startTimeMs: Date.parse('9999-12-31T23:59:59.999Z'), endTimeMs: 253_402_300_799_999 }],
    ['ids 0 and 2^53-1', { id: 0, selector: { ids: [0, Number.MAX_SAFE_INTEGER] } }],
    ['an unknown frequency', { recurrence: daily({ frequency: 77 }) }],
    ['unknown weekdays', { recurrence: daily({ byWeekdays: ['SUNDAY', 8, 0, -1] }) }],
    ['count 0', { recurrence: daily({ count: 0 }) }],
    ['an unknown category', { selector: { categories: [{ category: 77 }, { category: 'UNSPECIFIED' }] } }],
    ['an unknown battery type', { selector: { categories: [{ category: 'BATTERY', battery: 77 }] } }],
    ['an unknown inverter type', { selector: { categories: [{ category: 'INVERTER', inverter: 2 ** 31 - 1 }] } }],
    ['an unknown EV charger type', { selector: { categories: [{ category: 'EV_CHARGER', evCharger: -1 }] } }],
    ['an unspecified type', { selector: { categories: [{ category: 'BATTERY', battery: 'UNSPECIFIED' }] } }],
    ['no components', { selector: { ids: [] } }],
    ['negative zero and text beyond 16 bits', { payload: { zero: -0, '🔋': ['🔌'] } }],
  ])('keeps %s', (_, overrides) => {
    const record = dispatchRecord(overrides);
    expect(throughBytes(record)).toEqual(record);
  });

  it('keeps the nanoseconds of its times, in texts that sort as the times do', () => {
    const updateTime = '2026-03-02T09:59:59.000000001Z';
    const createTime = '0001-01-01T00:00:00.999999999Z';
    expect(throughBytes(dispatchRecord({ updateTime, createTime }))).toMatchObject({ updateTime, createTime });
    expect(createTime < updateTime).toBe(true);
  });

  test.prop([
    fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
    fc.nat(999_999_999),
  ])('keeps any instant of the years 1 to 9999', (date, nanos) => {
    const updateTime = `${date.toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;
    expect(throughBytes(dispatchRecord({ updateTime })).updateTime).toBe(updateTime);
  });
});

describe('decodeDispatch', () => {
  it('takes an interval that is not set for 1', () => {
    expect(decodeDispatch(ruleMessage({ interval: 0 }), 1).recurrence).toEqual(daily());
  });

  it('takes a rule without a frequency for none', () => {
    expect(decodeDispatch(ruleMessage({ freq: 0 }), 1).recurrence).toBeNull();
  });

  it('takes an end criteria that says nothing for none', () => {
    const rule = ruleMessage({ endCriteria: { countOrUntil: undefined } });
    expect(decodeDispatch(rule, 1).recurrence).toEqual(daily());
  });

  it('reads the deprecated component categories', () => {
    const target = targetMessage({ $case: 'componentCategories', value: { categories: [5, 77 as 5] } });
    expect(decodeDispatch(target, 1).selector).toEqual({ categories: [{ category: 'BATTERY' }, { category: 77 }] });
  });

  it('takes missing create and update times for the epoch', () => {
    const epoch = '1970-01-01T00:00:00.000000000Z';
    const record = decodeDispatch(message({ metadata: { createTime: undefined, updateTime: undefined } }), 1);
    expect(record).toMatchObject({ createTime: epoch, updateTime: epoch, endTimeMs: null });
  });

  it('cuts a fraction below a millisecond off, towards the past', () => {
    const startTime = { seconds: -1n, nanos: 999_999_999 };
    expect(decodeDispatch(message({ data: { startTime } }), 1).startTimeMs).toBe(-1);
  });

  it('freezes the payload, however deep', () => {
    const { payload } = throughBytes(dispatchRecord({ payload: { a: [{ b: {} }] } }));
    const [inner] = payload.a as readonly JsonObject[];
    for (const part of [payload, payload.a, inner, inner?.b]) expect(Object.isFrozen(part)).toBe(true);
    expect(Object.isFrozen(decodeDispatch(message({ data: { payload: undefined } }), 1).payload)).toBe(true);
  });

  it('keeps a key named __proto__ as a key', () => {
    const payload: JsonObject = JSON.parse('{"__proto__":{"polluted":true},"list":[{"__proto__":1}]}');
    const decoded = throughBytes(dispatchRecord({ payload })).payload;
    expect(JSON.stringify(decoded)).toBe(JSON.stringify(payload));
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(decoded.polluted).toBeUndefined();
  });

  const tooLarge = maxSafe + 1n;
  const idSet = (ids: bigint[]) => targetMessage({ $case: 'componentIds', value: { ids } });
  const late = { seconds: 253_402_300_800n, nanos: 0 };
  const early = { seconds: -62_135_596_801n, nanos: 999_999_999 };

  it.each<[string, string, DispatchMessage]>([
    ['no data', 'data', { ...message(), data: undefined }],
    ['no start time', 'data.start_time', message({ data: { startTime: undefined } })],
    ['no target', 'data.target', message({ data: { target: undefined } })],
    ['a target of no known kind', 'data.target', targetMessage(undefined)],
    ['a component id above 2^53-1', 'data.target.component_ids.ids[1]', idSet([maxSafe, tooLarge])],
    ['a start before the year 1', 'data.start_time', message({ data: { startTime: early } })],
    ['a start after the year 9999', 'data.start_time', message({ data: { startTime: late } })],
    ['negative nanoseconds', 'data.start_time', message({ data: { startTime: { seconds: 0n, nanos: -1 } } })],
    ['a second of nanoseconds', 'data.start_time', message({ data: { startTime: { seconds: 0n, nanos: 1e9 } } })],
    ['a create time out of range', 'metadata.create_time', message({ metadata: { createTime: late } })],
    ['an update time out of range', 'metadata.update_time', message({ metadata: { updateTime: early } })],
    ['an end time out of range', 'metadata.end_time', message({ metadata: { endTime: late } })],
    [
      'an until time out of range',
      'data.recurrence.end_criteria.until_time',
      ruleMessage({ endCriteria: { countOrUntil: { $case: 'untilTime', value: late } } }),
    ],
    ['NaN in the payload', 'data.payload.a.0.b', message({ data: { payload: { a: [{ b: Number.NaN }] } } })],
    ['an infinity in the payload', 'data.payload.a', message({ data: { payload: { a: Number.NEGATIVE_INFINITY } } })],
  ])('refuses %s, naming field and ids', (_, field, invalid) => {
    const error = refusal(invalid);
    expect(error).toMatchObject({ code: 'UNDECODABLE', field, microgridId: 7, dispatchId: 1 });
    expect(error.message).toContain(`dispatch 1: ${field} `);
  });

  it('refuses an id above 2^53-1, which only the message can name', () => {
    const error = refusal(message({ metadata: { dispatchId: tooLarge } }));
    expect(error).toMatchObject({ field: 'metadata.dispatch_id', microgridId: 7, dispatchId: undefined });
    expect(error.message).toContain(String(tooLarge));
  });

  it('refuses a dispatch without metadata', () => {
    const error = refusal({ ...message(), metadata: undefined });
    expect(error).toMatchObject({ code: 'UNDECODABLE', field: 'metadata', microgridId: 7, dispatchId: undefined });
  });
});

describe('encodeDispatch', () => {
  const cyclic: { [key: string]: JsonObject } = {};
  cyclic.self = cyclic;
  const odd = (value: unknown) => ({ payload: { a: [value] } as JsonObject });

  it.each<[string, Partial<DispatchRecord>]>([
    ['id', { id: 1.5 }],
    ['id', { id: -1 }],
    ['id', { id: 2 ** 53 }],
    ['createTime', { createTime: 'yesterday' }],
    ['updateTime', { updateTime: '2026-02-30T00:00:00.000000000Z' }],
    ['updateTime', { updateTime: '2026-01-01T00:00:00.000000000+01:00' }],
    ['updateTime', { updateTime: '0000-12-31T00:00:00.000000000Z' }],
    ['endTime', { endTimeMs: 1e15 }],
    ['startTime', { startTimeMs: Number.NaN }],
    ['startTime', { startTimeMs: 0.5 }],
    ['durationMs', { durationMs: 1500 }],
    ['durationMs', { durationMs: -1000 }],
    ['durationMs', { durationMs: 2 ** 32 * 1000 }],
    ['type', { type: 'CHARGE \ud83d' }],
    ['selector', { selector: {} as never }],
    ['selector', { selector: undefined as never }],
    ['selector', { selector: { ids: [1], categories: [] } as never }],
    ['selector.ids[1]', { selector: { ids: [1, 1.5] } }],
    ['selector.categories[0].category', { selector: { categories: [{ category: 'FRIDGE' as 'METER' }] } }],
    ['selector.categories[0].category', { selector: { categories: [{ category: 'toString' as 'METER' }] } }],
    ['selector.categories[0].battery', { selector: { categories: [{ category: 5, battery: 2 ** 31 }] } }],
    ['selector.categories[0].inverter', { selector: { categories: [{ category: 3, inverter: 0.5 }] } }],
    ['selector.categories[0].evCharger', { selector: { categories: [{ category: 6, evCharger: 'X' as 'AC' }] } }],
    ['selector.categories[0]', { selector: { categories: [{ category: 5, battery: 1, inverter: 1 } as never] } }],
    ['recurrence.frequency', { recurrence: daily({ frequency: 'SECONDLY' }) }],
    ['recurrence.interval', { recurrence: daily({ interval: -1 }) }],
    ['recurrence.count', { recurrence: daily({ count: 1.5 }) }],
    ['recurrence.untilMs', { recurrence: daily({ untilMs: Number.POSITIVE_INFINITY }) }],
    ['recurrence.untilMs', { recurrence: daily({ count: 2, untilMs: 0 }) }],
    ['recurrence.byMinutes[0]', { recurrence: daily({ byMinutes: [-1] }) }],
    ['recurrence.byHours[1]', { recurrence: daily({ byHours: [0, 0.5] }) }],
    ['recurrence.byWeekdays[0]', { recurrence: daily({ byWeekdays: ['MO'] }) }],
    ['recurrence.byMonthDays[0]', { recurrence: daily({ byMonthDays: [2 ** 31] }) }],
    ['recurrence.byMonths[0]', { recurrence: daily({ byMonths: [2 ** 32] }) }],
    ['payload', { payload: [] as never }],
    ['payload', { payload: new Date() as never }],
    ['payload.a.0', odd(Number.NaN)],
    ['payload.a.0', odd(1n)],
    ['payload.a.0', odd('\udd0b')],
    ['a key of payload.a.0', odd({ '\ud83d': 1 })],
    ['payload.a.0', odd(undefined)],
    ['payload.a.0', odd(new Date())],
    ['payload.a.0', odd(new Map())],
    ['payload.a.0', odd(() => {})],
    ['payload.a.0', { payload: { a: Array(1) } }],
    ['payload.self', { payload: cyclic }],
  ])('refuses what the contract cannot hold, naming %s', (field, overrides) => {
    const encode = () => encodeDispatch(dispatchRecord(overrides));
    expect(encode).toThrow(RangeError);
    expect(encode).toThrow(field);
  });

  it('writes a payload as deep as readers can follow', () => {
    const nested = (levels: number): JsonObject => (levels === 1 ? {} : { a: nested(levels - 1) });
    const record = dispatchRecord({ payload: nested(32) });
    expect(throughBytes(record)).toEqual(record);
    expect(() => encodeDispatch(dispatchRecord({ payload: nested(33) }))).toThrow('levels');
  });
});
