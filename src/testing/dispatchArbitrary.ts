import fc, { type Arbitrary } from 'fast-check';

import type { DispatchRecord, JsonObject } from '../model/dispatchRecord.js';
import type { ComponentCategory, Selector } from '../model/selector.js';
import { ruleArbitrary } from './ruleArbitrary.js';

/** What makes a field of the dispatches, where it is not to be any valid value. */
export type DispatchArbitraryFields = { readonly [Field in keyof DispatchRecord]?: Arbitrary<DispatchRecord[Field]> };

const YEAR_2000_MS = Date.UTC(2000, 0);
const YEAR_2100_MS = Date.UTC(2100, 0);
const MAX_DURATION_S = 2 ** 32 - 1;

/**
 * Valid dispatch records of every kind, for property tests with fast-check. They start and were changed in the years 2000 to
 * 2099, and run once or by a rule of {@link ruleArbitrary}. Their end time is not calculated: it is any instant, or null.
 */
export function dispatchArbitrary(fields: DispatchArbitraryFields = {}): Arbitrary<DispatchRecord> {
  return fc.record({
    id: fc.maxSafeNat(),
    microgridId: fc.maxSafeNat(),
    type: fc.string({ minLength: 1, maxLength: 20 }),
    startTimeMs: wholeSeconds(),
    durationMs: fc.option(durationMs()),
    selector: selector(),
    active: fc.boolean(),
    dryRun: fc.boolean(),
    payload: payload(),
    recurrence: fc.option(ruleArbitrary()),
    createTime: instantText(),
    updateTime: instantText(),
    endTimeMs: fc.option(wholeSeconds()),
    ...fields,
  });
}

function wholeSeconds(): Arbitrary<number> {
  return fc.integer({ min: YEAR_2000_MS / 1000, max: YEAR_2100_MS / 1000 - 1 }).map(seconds => seconds * 1000);
}

/** Up to a few hours more often than up to 136 years. */
function durationMs(): Arbitrary<number> {
  return fc.oneof(fc.nat(4 * 3600), fc.nat(MAX_DURATION_S)).map(seconds => seconds * 1000);
}

function selector(): Arbitrary<Selector> {
  const category = fc.oneof(
    fc
      .constantFrom<ComponentCategory>('METER', 'INVERTER', 'BATTERY', 'EV_CHARGER', 'CHP')
      .map(name => ({ category: name })),
    fc.constantFrom('LI_ION', 'NA_ION').map(battery => ({ category: 'BATTERY', battery }) as const),
    fc.constantFrom('BATTERY', 'PV', 'HYBRID').map(inverter => ({ category: 'INVERTER', inverter }) as const),
    fc.constantFrom('AC', 'DC', 'HYBRID').map(evCharger => ({ category: 'EV_CHARGER', evCharger }) as const),
  );
  const few = { minLength: 1, maxLength: 4 };
  return fc.oneof(
    fc.record({ ids: fc.array(fc.maxSafeNat(), few) }),
    fc.record({ categories: fc.array(category, few) }),
  );
}

function payload(): Arbitrary<JsonObject> {
  return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }) as Arbitrary<JsonObject[string]>, { maxKeys: 4 });
}

/** RFC 3339 in Z with nine digits of a second. */
function instantText(): Arbitrary<string> {
  return fc
    .tuple(wholeSeconds(), fc.nat(999_999_999))
    .map(([ms, nanos]) => `${new Date(ms).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`);
}
