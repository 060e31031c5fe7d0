import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Dispatch,
  type DispatchData,
  RecurrenceRule_Frequency as Frequency,
  type RecurrenceRule,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import type { DispatchRecord, JsonValue } from '../../../src/model/dispatchRecord.js';
import { checkData, storedRow } from '../../../src/service/domain/checkData.js';
import { dispatchArbitrary, ruleArbitrary } from '../../../src/testing/index.js';
import { decodeDispatch, encodeDispatch } from '../../../src/wire/dispatchCodec.js';
import { categories, ids, manyIds } from '../../support/dispatchParts.js';

const NOW_S = Date.UTC(2000, 0) / 1000;
const STAMPS = { id: 1, createUs: 5, updateUs: 6 };

/** Runs of a day at most: longer ones can end after the year 9999, which is a fault of its own. */
const durationMs = fc.option(fc.nat(86_400).map(seconds => seconds * 1000));
const validRecord = dispatchArbitrary({ durationMs });
const validData = validRecord.map(record => encodeDispatch(record).data as DispatchData);
const recurringData = dispatchArbitrary({ durationMs, recurrence: ruleArbitrary() }).map(
  record => encodeDispatch(record).data as DispatchData & { recurrence: RecurrenceRule },
);

/** Whether every so many hours or minutes come to a time that the rule names, found by counting. */
function hasReachableTimes({ recurrence, startTimeMs }: DispatchRecord): boolean {
  const { frequency, interval = 1, byHours = [], byMinutes = [] } = recurrence ?? {};
  if (frequency !== 'HOURLY' && frequency !== 'MINUTELY') return true;
  const stepMs = interval * (frequency === 'HOURLY' ? 3_600_000 : 60_000);
  // After 1,440 steps the times of day repeat.
  return Array.from({ length: 1440 }, (_, i) => new Date(startTimeMs + i * stepMs)).some(
    at =>
      (byHours.length === 0 || byHours.includes(at.getUTCHours())) &&
      (frequency === 'HOURLY' || byMinutes.length === 0 || byMinutes.includes(at.getUTCMinutes())),
  );
}

/** A change that makes valid data invalid, in one field alone. */
interface Fault {
  readonly field: string;
  readonly data: DispatchData;
}

const set =
  <Part extends Partial<DispatchData>>(field: string, parts: Arbitrary<Part>) =>
  () =>
    fc.tuple(validData, parts).map(([data, part]): Fault => ({ field, data: { ...data, ...part } }));

const setRule = (field: string, parts: Arbitrary<Partial<RecurrenceRule>>) => () =>
  fc.tuple(recurringData, parts).map(([data, part]): Fault => {
    return { field: `recurrence.${field}`, data: { ...data, recurrence: { ...data.recurrence, ...part } } };
  });

/** A list of a rule with one wrong value somewhere among right ones. */
const setInList =
  (
    name: 'byminutes' | 'byhours' | 'byweekdays' | 'bymonthdays' | 'bymonths',
    right: number,
    wrong: Arbitrary<number>,
  ) =>
  () =>
    fc.tuple(recurringData, fc.nat(3), fc.nat(3), wrong).map(([data, before, after, value]): Fault => {
      const list = [...Array(before).fill(right), value, ...Array(after).fill(right)];
      const freq = name === 'bymonthdays' ? Frequency.DAILY : data.recurrence.freq;
      return {
        field: `recurrence.${name}[${before}]`,
        data: { ...data, recurrence: { ...data.recurrence, freq, [name]: list } },
      };
    });

const uint32 = (min: number) => fc.integer({ min, max: 2 ** 32 - 1 });
const int32 = () => fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const unknown = (most: number) => int32().filter(value => value < 0 || value > most);
const end = (value: NonNullable<NonNullable<RecurrenceRule['endCriteria']>['countOrUntil']>) => ({
  endCriteria: { countOrUntil: value },
});
const wrongInstant = fc.oneof(
  fc.constant({ seconds: 253_402_300_800n, nanos: 0 }),
  fc.constant({ seconds: -62_135_596_801n, nanos: 999_999_999 }),
  fc.integer({ min: 1e9, max: 2 ** 31 - 1 }).map(nanos => ({ seconds: 0n, nanos })),
  fc.integer({ min: -(2 ** 31), max: -1 }).map(nanos => ({ seconds: 0n, nanos })),
);
const typed = ($case: 'battery' | 'inverter' | 'evCharger', category: number) => ({
  category: category as 5,
  type: { $case, value: 1 as 1 },
});
const CATEGORY = 'target.component_categories_types.categories';

/** Lists and objects around a value, and the path to it. */
const wrapped = (
  value: JsonValue,
  levels: number,
): Arbitrary<{ path: string; payload: { [key: string]: JsonValue } }> =>
  fc
    .array(fc.oneof(fc.constantFrom('a', 'B_1', 'deep'), fc.nat(3)), { minLength: levels, maxLength: levels })
    .map(steps => {
      let inner = value;
      for (const step of steps.toReversed()) {
        inner = typeof step === 'string' ? { before: 1, [step]: inner, z: 0 } : [...Array(step).fill('x'), inner, null];
      }
      const path = steps.map(step => (typeof step === 'string' ? `.${step}` : `[${step}]`)).join('');
      return { path: `payload.top${path}`, payload: { top: inner } };
    });
const setPayload = (value: JsonValue, levels: number) => () =>
  fc.tuple(validData, wrapped(value, levels)).map(([data, { path, payload }]): Fault => {
    return { field: path, data: { ...data, payload } };
  });

const FAULTS: { readonly [name: string]: () => Arbitrary<Fault> } = {
  'no type': set('type', fc.constant({ type: '' })),
  'a long type': set(
    'type',
    fc.string({ minLength: 257, maxLength: 400 }).map(type => ({ type })),
  ),
  'a type with U+0000': set(
    'type',
    fc.string({ maxLength: 200 }).map(type => ({ type: `${type}\0` })),
  ),
  'no start': set('start_time', fc.constant({ startTime: undefined })),
  'an impossible start': set(
    'start_time',
    wrongInstant.map(startTime => ({ startTime })),
  ),
  'a start in the past': set(
    'start_time',
    fc.integer({ min: -62_135_596_800, max: NOW_S - 6 }).map(s => ({ startTime: { seconds: BigInt(s), nanos: 0 } })),
  ),
  'no target': set('target', fc.constantFrom({ target: undefined }, { target: { components: undefined } })),
  'no ids': set('target.component_ids.ids', fc.constant(ids())),
  'too many ids': set(
    'target.component_ids.ids',
    fc.integer({ min: 1001, max: 1100 }).map(length => manyIds(length)),
  ),
  'an id that is no exact number': set(
    'target.component_ids.ids[2]',
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }).map(id => ids(1n, 0n, id, 5n)),
  ),
  'no categories': set(CATEGORY, fc.constant(categories())),
  'an unknown type': set(
    `${CATEGORY}[1].battery`,
    unknown(2).map(value => {
      const battery = { category: 5 as const, type: { $case: 'battery' as const, value: value as 1 } };
      return categories({ category: 2 }, battery);
    }),
  ),
  'a type of another category': set(
    `${CATEGORY}[0].category`,
    fc
      .tuple(fc.constantFrom(['battery', 5], ['inverter', 3], ['evCharger', 6]), unknown(0))
      .filter(([[, category], other]) => category !== other)
      .map(([[name], other]) => categories(typed(name as 'battery', other))),
  ),
  'a number that JSON cannot hold': setPayload(Number.NaN, 3),
  'infinity at the top': setPayload(Number.NEGATIVE_INFINITY, 0),
  'a deep payload': setPayload({ at: ['six'] }, 4),
  'a large payload': set(
    'payload',
    fc.integer({ min: 51_200, max: 60_000 }).map(n => ({ payload: { a: 'x'.repeat(n) } })),
  ),
  'no frequency': setRule('freq', fc.constant({ freq: Frequency.UNSPECIFIED })),
  'an unknown frequency': setRule(
    'freq',
    unknown(6).map(freq => ({ freq: freq as 1 })),
  ),
  'a long interval': setRule(
    'interval',
    uint32(10_001).map(interval => ({ interval })),
  ),
  'a count of 0': setRule('end_criteria.count', fc.constant(end({ $case: 'count', value: 0 }))),
  'a high count': setRule(
    'end_criteria.count',
    uint32(4097).map(value => end({ $case: 'count', value })),
  ),
  'an impossible last instant': setRule(
    'end_criteria.until_time',
    wrongInstant.map(value => end({ $case: 'untilTime', value })),
  ),
  'a wrong minute': setInList('byminutes', 59, uint32(60)),
  'a wrong hour': setInList('byhours', 23, uint32(24)),
  'no weekday': setInList('byweekdays', 7, fc.oneof(fc.constant(0), unknown(7))),
  'a wrong day of the month': setInList(
    'bymonthdays',
    -31,
    int32().filter(day => day === 0 || Math.abs(day) > 31),
  ),
  'a wrong month': setInList('bymonths', 12, fc.oneof(fc.constant(0), uint32(13))),
  'days of the month in a weekly rule': setRule(
    'bymonthdays',
    fc.constant({ freq: Frequency.WEEKLY, bymonthdays: [1, -31] }),
  ),
  'a long list': setRule(
    'bymonths',
    fc.integer({ min: 13, max: 99 }).map(n => ({ bymonths: Array(n).fill(1) })),
  ),
};

function violatedFields(data: DispatchData): string[] {
  try {
    checkData(data, 'data', { nowS: NOW_S });
    return [];
  } catch (error) {
    if (!(error instanceof DispatchError)) throw error;
    return error.violations.map(({ field }) => field);
  }
}

describe('validation', () => {
  it('accepts every valid dispatch, and clients read of it what was sent', () => {
    fc.assert(
      fc.property(validRecord, record => {
        fc.pre(hasReachableTimes(record));
        const sent = encodeDispatch(record);
        const checked = checkData(sent.data as DispatchData, 'data', { nowS: NOW_S });
        const { data } = Dispatch.decode(storedRow(STAMPS, checked).message);
        expect(decodeDispatch({ ...sent, data }, 1)).toEqual(decodeDispatch(sent, 1));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses of the rules in hours and minutes those that never come to one they name', () => {
    const recurrence = ruleArbitrary({ frequencies: ['HOURLY', 'MINUTELY'], maxInterval: 1440 });
    fc.assert(
      fc.property(dispatchArbitrary({ durationMs, recurrence }), record => {
        const fields = violatedFields(encodeDispatch(record).data as DispatchData);
        expect(fields).toEqual(hasReachableTimes(record) ? [] : ['data.recurrence']);
      }),
      { numRuns: 500 },
    );
  });

  it.each(Object.entries(FAULTS))('finds exactly one thing wrong in a dispatch with %s', (_, fault) => {
    fc.assert(
      fc.property(fault(), ({ field, data }) => {
        expect(violatedFields(data)).toEqual([`data.${field}`]);
      }),
      { numRuns: 100 },
    );
  });

  it('finds both of two faults in different fields', () => {
    const names = Object.keys(FAULTS);
    const faults = fc.constantFrom(...names).chain(name => (FAULTS[name] as () => Arbitrary<Fault>)());
    const root = ({ field }: Fault) => (field.match(/^\w+/) as RegExpMatchArray)[0];
    fc.assert(
      fc.property(faults, faults, (one, other) => {
        fc.pre(root(one) !== root(other));
        const part = { start_time: 'startTime' }[root(other)] ?? root(other);
        const both = { ...one.data, [part]: other.data[part as keyof DispatchData] };
        expect(violatedFields(both).sort()).toEqual([`data.${one.field}`, `data.${other.field}`].sort());
      }),
      { numRuns: 500 },
    );
  });
});
