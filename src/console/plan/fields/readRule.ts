import { FREQUENCIES } from '../../../model/recurrence/checkRule.js';
import type { RecurrenceRule } from '../../../model/recurrence/recurrenceRule.js';
import { InvalidPlan } from '../../../planning/planError.js';
import { parseInteger } from '../../../planning/text/parseInteger.js';
import { parseHours, parseMinutes, parseMonthDays, parseMonths } from '../../../planning/text/ruleLists.js';
import type { Attempt } from './attempt.js';
import type { FieldName, PlanFields } from './planFields.js';
import { readLocalTime } from './readLocalTime.js';

/** The largest number of the contract. */
const MAX_UINT32 = 2 ** 32 - 1;

/**
 * Reads the rule of a form, so that all of it is judged at once: what cannot be read is left out. Undefined when nothing can be said of it.
 *
 * @param zone of its end; undefined: it cannot be read
 */
export function readRule(fields: PlanFields, zone: string | undefined, attempt: Attempt): RecurrenceRule | undefined {
  const { weekdays } = fields;
  const frequency = attempt('frequency', () => readFrequency(fields.frequency));
  const interval = attempt('interval', () => atLeastOne(fields.interval));
  const list = (field: 'minutes' | 'hours' | 'monthDays' | 'months') =>
    attempt(field, () => (fields[field].trim() === '' ? [] : withinContract(field, LISTS[field](fields[field])))) ?? [];
  const [minutes, hours, monthDays, months] = [list('minutes'), list('hours'), list('monthDays'), list('months')];
  const end = readEnd(fields, zone, attempt);
  // A rule in local time is judged by its end.
  if (frequency === undefined || (end === undefined && fields.clock === 'local')) return undefined;
  return {
    frequency,
    interval: interval ?? 1,
    ...end,
    ...(minutes.length > 0 && { byMinutes: minutes }),
    ...(hours.length > 0 && { byHours: hours }),
    ...(weekdays.length > 0 && { byWeekdays: weekdays }),
    ...(monthDays.length > 0 && { byMonthDays: monthDays }),
    ...(months.length > 0 && { byMonths: months }),
  };
}

const LISTS = {
  minutes: parseMinutes,
  hours: parseHours,
  monthDays: parseMonthDays,
  months: parseMonths,
} as const satisfies { readonly [Field in FieldName]?: (text: string) => readonly number[] };

const RANGES = { minutes: [0, 59], hours: [0, 23], months: [1, 12], monthDays: null } as const;

/** Checks what the contract cannot represent; the service judges the rest. */
function withinContract(field: keyof typeof RANGES, values: readonly number[]): readonly number[] {
  const range = RANGES[field];
  const wrong = range === null ? undefined : values.find(value => value < 0 || value > MAX_UINT32);
  if (range === null || wrong === undefined) return values;
  const [first, last] = range;
  throw new InvalidPlan(`It must be from ${first} to ${last}, not ${wrong}.`);
}

function readFrequency(text: string): RecurrenceRule['frequency'] {
  const found = FREQUENCIES.find(name => name === text);
  if (found !== undefined) return found;
  // An enum number that this version does not know is kept.
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidPlan(`It must be one of ${FREQUENCIES.join(', ')}.`);
}

function readEnd(
  { ending, count, until }: PlanFields,
  zone: string | undefined,
  attempt: Attempt,
): Pick<RecurrenceRule, 'count' | 'untilMs'> | undefined {
  if (ending === 'never') return {};
  if (ending === 'count') {
    const runs = attempt('count', () => atLeastOne(count));
    return runs === undefined ? undefined : { count: runs };
  }
  const untilMs = zone === undefined ? undefined : attempt('until', () => readLocalTime(until, zone, 'last'));
  return untilMs === undefined ? undefined : { untilMs };
}

function atLeastOne(text: string): number {
  const value = parseInteger(text);
  if (value < 1) throw new InvalidPlan('It must be at least 1.');
  if (value <= MAX_UINT32) return value;
  throw new InvalidPlan(`It must be at most ${MAX_UINT32}.`);
}
