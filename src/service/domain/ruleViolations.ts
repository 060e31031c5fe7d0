import {
  RecurrenceRule_Frequency as Frequency,
  type RecurrenceRule,
  RecurrenceRule_Weekday as Weekday,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { timestampProblem } from '../../wire/timestampCodec.js';
import { isEmptyRule } from './canonicalData.js';
import type { Violation } from './invalidRequest.js';

const MAX_INTERVAL = 10_000;
const MAX_COUNT = 4096;

/** The values allowed in a list of a rule. */
interface ListRule {
  /** Number of different values, and maximum number of entries: otherwise a dispatch could become too large for a list. */
  readonly values: number;
  readonly allowed: string;
  allows(value: number): boolean;
}

const SPECIFIED_FREQUENCIES = namesAfterUnspecified(Frequency);
const SPECIFIED_WEEKDAYS = namesAfterUnspecified(Weekday);

const LISTS = {
  byminutes: numbersWithin(0, 59),
  byhours: numbersWithin(0, 23),
  byweekdays: {
    ...numbersWithin(1, SPECIFIED_WEEKDAYS.length),
    allowed: `one of ${SPECIFIED_WEEKDAYS.join(', ')}`,
  },
  bymonthdays: {
    values: 62,
    allowed: '1 to 31 or -31 to -1',
    allows: day => day !== 0 && Math.abs(day) <= 31,
  },
  bymonths: numbersWithin(1, 12),
} as const satisfies { readonly [list: string]: ListRule };

/**
 * Validates a recurrence rule; an empty rule is valid. Limits are the contract's; an unspecified or unknown frequency or weekday would
 * end the Python clients of the microgrid.
 *
 * A rule cannot have both a count and an end: of a `oneof` the message has the last one sent.
 *
 * @param field - the path of the rule.
 */
export function* ruleViolations(rule: RecurrenceRule | undefined, field: string): Generator<Violation> {
  if (!rule || isEmptyRule(rule)) return;
  const { freq, interval } = rule;
  const end = rule.endCriteria?.countOrUntil;
  if (freq < 1 || freq > SPECIFIED_FREQUENCIES.length) {
    yield { field: `${field}.freq`, problem: `must be one of ${SPECIFIED_FREQUENCIES.join(', ')}, not ${freq}` };
  }
  // 0 is the value of an interval that is not set.
  if (interval > MAX_INTERVAL) yield { field: `${field}.interval`, problem: intervalProblem(interval) };
  if (end?.$case === 'count' && (end.value < 1 || end.value > MAX_COUNT)) {
    yield { field: `${field}.end_criteria.count`, problem: `must be 1 to ${MAX_COUNT}, not ${end.value}` };
  }
  const problem = end?.$case === 'untilTime' ? timestampProblem(end.value) : null;
  if (problem !== null) yield { field: `${field}.end_criteria.until_time`, problem };
  for (const [name, allowed] of Object.entries(LISTS)) {
    yield* listViolations(rule[name as keyof typeof LISTS], `${field}.${name}`, allowed);
  }
  if (freq === Frequency.WEEKLY && rule.bymonthdays.length > 0) {
    yield { field: `${field}.bymonthdays`, problem: 'must be empty in a WEEKLY rule' };
  }
}

/** The problem of an invalid interval, as the end of a sentence that begins with the field. */
export function intervalProblem(interval: number): string {
  return `must be 1 to ${MAX_INTERVAL}, not ${interval}`;
}

function* listViolations(
  list: readonly number[],
  field: string,
  { values, allowed, allows }: ListRule,
): Generator<Violation> {
  if (list.length > values) {
    yield { field, problem: `must have at most ${values} entries, not ${list.length}` };
  } else {
    for (const [index, value] of list.entries()) {
      if (!allows(value)) yield { field: `${field}[${index}]`, problem: `must be ${allowed}, not ${value}` };
    }
  }
}

function numbersWithin(least: number, most: number): ListRule {
  return {
    values: most - least + 1,
    allowed: `${least} to ${most}`,
    allows: value => value >= least && value <= most,
  };
}

/** The names of the numbers 1, 2, 3, … of an enum whose 0 is UNSPECIFIED. */
function namesAfterUnspecified(numbers: { readonly [name: string]: number }): string[] {
  return Object.keys(numbers).slice(1);
}
