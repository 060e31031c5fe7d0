import fc, { type Arbitrary } from 'fast-check';

import { FREQUENCIES, WEEKDAYS } from '../model/recurrence/checkRule.js';
import type { Frequency, RecurrenceRule } from '../model/recurrence/recurrenceRule.js';

/** What {@link ruleArbitrary} may make. */
export interface RuleArbitraryOptions {
  /** @default all six */
  readonly frequencies?: readonly Frequency[];
  /** @default 10000, the greatest that a service accepts */
  readonly maxInterval?: number;
  /** @default 4096, the greatest that a service accepts */
  readonly maxCount?: number;
  /** The range of `untilMs`, in milliseconds since the epoch. @default the years 1970 to 2199 */
  readonly untilMs?: { readonly min: number; readonly max: number };
  /** Whether a WEEKLY rule may have `byMonthDays`, which can be evaluated but which a service rejects. @default false */
  readonly weeklyMonthDays?: boolean;
}

/**
 * Valid recurrence rules of every kind, for property tests with fast-check.
 *
 * Lists are unsorted and may hold a value twice, as on the wire. A third of the rules each ends by count, by `untilMs` or not
 * at all. Some rules have no occurrence, for valid rules need not have one; a service rejects those of them whose hours and
 * minutes their interval never reaches.
 */
export function ruleArbitrary(options: RuleArbitraryOptions = {}): Arbitrary<RecurrenceRule> {
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
  return fc.oneof(fc.integer({ min: 1, max: Math.min(max, 12) }), fc.integer({ min: 1, max }));
}

function listOf<T>(item: Arbitrary<T>): Arbitrary<T[]> {
  return fc.array(item, { maxLength: 4 });
}
