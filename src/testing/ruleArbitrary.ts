import { FREQUENCIES, WEEKDAYS } from '../model/recurrence/checkRule.js';
import type { Frequency, RecurrenceRule } from '../model/recurrence/recurrenceRule.js';
import { type Arbitrary, fastCheck } from './fastCheck.js';

/** Options of {@link ruleArbitrary}. */
export interface RuleArbitraryOptions {
  /** @default all six */
  readonly frequencies?: readonly Frequency[] | undefined;
  /** Maximum interval. @default 10000, the maximum of a service */
  readonly maxInterval?: number | undefined;
  /** Maximum count. @default 4096, the maximum of a service */
  readonly maxCount?: number | undefined;
  /** Range of `untilMs`, in milliseconds since the epoch. @default the years 1970 to 2199 */
  readonly untilMs?: { readonly min: number; readonly max: number } | undefined;
  /** Whether a WEEKLY rule may have `byMonthDays`; it can be evaluated, but a service refuses it. @default false */
  readonly weeklyMonthDays?: boolean | undefined;
}

/**
 * Arbitrary valid recurrence rules, for property tests with fast-check.
 *
 * Lists are unsorted and may contain a value twice, as on the wire. One third of the rules each ends by `count`, by `untilMs` or not
 * at all. Some valid rules have no occurrence; a service refuses those whose interval never reaches their hours and minutes.
 */
export function ruleArbitrary(options: RuleArbitraryOptions = {}): Arbitrary<RecurrenceRule> {
  const fc = fastCheck();
  const { frequencies = FREQUENCIES, maxInterval = 10_000, maxCount = 4096, weeklyMonthDays = false } = options;
  const { min, max } = options.untilMs ?? { min: 0, max: Date.UTC(2200, 0) - 1000 };
  const untilMs = fc
    .integer({ min: Math.ceil(min / 1000), max: Math.floor(max / 1000) })
    .map(seconds => ({ untilMs: seconds * 1000 }));
  const ending = fc.oneof(fc.constant({}), fc.record({ count: upTo(maxCount) }), untilMs);
  const lists = fc.record(
    {
      byMinutes: listOf(fc.integer({ min: 0, max: 59 })),
      byHours: listOf(fc.integer({ min: 0, max: 23 })),
      byWeekdays: listOf(fc.constantFrom(...WEEKDAYS)),
      byMonthDays: listOf(fc.oneof(fc.integer({ min: 1, max: 31 }), fc.integer({ min: -31, max: -1 }))),
      byMonths: listOf(fc.integer({ min: 1, max: 12 })),
    },
    { requiredKeys: [] },
  );
  return fc
    .tuple(fc.constantFrom(...frequencies), upTo(maxInterval), ending, lists)
    .map(([frequency, interval, end, { byMonthDays, ...by }]) => ({
      frequency,
      interval,
      ...end,
      ...by,
      ...(byMonthDays && (weeklyMonthDays || frequency !== 'WEEKLY') && { byMonthDays }),
    }));
}

/** From 1 to `max`, small numbers more often. */
function upTo(max: number): Arbitrary<number> {
  const fc = fastCheck();
  return fc.oneof(fc.integer({ min: 1, max: Math.min(max, 12) }), fc.integer({ min: 1, max }));
}

function listOf<T>(item: Arbitrary<T>): Arbitrary<T[]> {
  const fc = fastCheck();
  return fc.array(item, { maxLength: 4 });
}
