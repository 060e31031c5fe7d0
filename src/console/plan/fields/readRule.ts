import { FREQUENCIES } from '../../../model/recurrence/checkRule.js';
import type { RecurrenceRule } from '../../../model/recurrence/recurrenceRule.js';
import { InvalidPlan } from '../../../planning/planError.js';
import { parseInteger } from '../../../planning/text/parseInteger.js';
import { parseHours, parseMinutes, parseMonthDays, parseMonths } from '../../../planning/text/ruleLists.js';
import type { Attempt } from './attempt.js';
import type { FieldName, PlanFields } from './planFields.js';
import { readLocalTime } from './readLocalTime.js';

/**
 * Reads the rule of a form; undefined when a field of it cannot be read.
 *
 * @param zone of its end; undefined: it cannot be read
 */
export function readRule(fields: PlanFields, zone: string | undefined, attempt: Attempt): RecurrenceRule | undefined {
  const { weekdays } = fields;
  const frequency = attempt('frequency', () => readFrequency(fields.frequency));
  const interval = attempt('interval', () => atLeastOne(fields.interval));
  const list = (field: 'minutes' | 'hours' | 'monthDays' | 'months') =>
    attempt(field, () => (fields[field].trim() === '' ? [] : LISTS[field](fields[field])));
  const [minutes, hours, monthDays, months] = [list('minutes'), list('hours'), list('monthDays'), list('months')];
  const end = readEnd(fields, zone, attempt);
  if (frequency === undefined || interval === undefined || end === undefined) return undefined;
  if (minutes === undefined || hours === undefined || monthDays === undefined || months === undefined) return undefined;
  return {
    frequency,
    interval,
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
  if (value >= 1) return value;
  throw new InvalidPlan('It must be at least 1.');
}
