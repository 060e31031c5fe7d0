import type { DispatchRecord, JsonObject } from '../model/dispatchRecord.js';
import type { ComponentCategory, Selector } from '../model/selector.js';
import { type Arbitrary, fastCheck } from './fastCheck.js';
import { ruleArbitrary } from './ruleArbitrary.js';

/** Arbitraries for fields that should not have any valid value. */
export type DispatchArbitraryFields = { readonly [Field in keyof DispatchRecord]?: Arbitrary<DispatchRecord[Field]> };

const YEAR_2000_MS = Date.UTC(2000, 0);
const YEAR_2100_MS = Date.UTC(2100, 0);
const MAX_DURATION_S = 2 ** 32 - 1;

/**
 * Arbitrary valid dispatch records, for property tests with fast-check. Start times and update times lie in the years 2000 to
 * 2099; recurrence rules come from {@link ruleArbitrary}. `endTimeMs` is any time or null, unrelated to the other fields.
 */
export function dispatchArbitrary(fields: DispatchArbitraryFields = {}): Arbitrary<DispatchRecord> {
  const fc = fastCheck();
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
  const fc = fastCheck();
  return fc.integer({ min: YEAR_2000_MS / 1000, max: YEAR_2100_MS / 1000 - 1 }).map(seconds => seconds * 1000);
}

/** Up to 136 years; half of them up to four hours. */
function durationMs(): Arbitrary<number> {
  const fc = fastCheck();
  return fc.oneof(fc.nat(4 * 3600), fc.nat(MAX_DURATION_S)).map(seconds => seconds * 1000);
}

function selector(): Arbitrary<Selector> {
  const fc = fastCheck();
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
  const fc = fastCheck();
  return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }) as Arbitrary<JsonObject[string]>, { maxKeys: 4 });
}

/** RFC 3339 in UTC with nanoseconds. */
function instantText(): Arbitrary<string> {
  const fc = fastCheck();
  return fc
    .tuple(wholeSeconds(), fc.nat(999_999_999))
    .map(([ms, nanos]) => `${new Date(ms).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`);
}
