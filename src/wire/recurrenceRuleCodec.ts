import {
  RecurrenceRule_Frequency,
  RecurrenceRule_Weekday,
  type RecurrenceRule as RecurrenceRuleMessage,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { endProblem } from '../model/recurrence/checkRule.js';
import type { Frequency, RecurrenceRule, Weekday } from '../model/recurrence/recurrenceRule.js';
import { decodeEnum, encodeEnum } from './enumNames.js';
import { encodeInt32, encodeUint32 } from './integerCodec.js';
import { decodeInstantMs, encodeInstantMs } from './timestampCodec.js';

/**
 * Reads the recurrence rule of a message; null when there is none or its frequency is unspecified: the dispatch runs once. An
 * interval that is not set is 1; `until_time` is truncated to milliseconds; enum numbers that this version does not know
 * stay numbers.
 *
 * @param field its path, for messages
 * @throws DispatchError `UNDECODABLE` when `until_time` is not within the years 1 to 9999.
 */
export function decodeRecurrenceRule(message: RecurrenceRuleMessage | undefined, field: string): RecurrenceRule | null {
  if (message === undefined || message.freq === RecurrenceRule_Frequency.UNSPECIFIED) return null;
  const end = message.endCriteria?.countOrUntil;
  return {
    frequency: decodeEnum(RecurrenceRule_Frequency, message.freq) as Frequency | number,
    interval: message.interval || 1,
    ...(end?.$case === 'count' && { count: end.value }),
    ...(end?.$case === 'untilTime' && { untilMs: decodeInstantMs(end.value, `${field}.end_criteria.until_time`) }),
    ...(message.byminutes.length > 0 && { byMinutes: message.byminutes }),
    ...(message.byhours.length > 0 && { byHours: message.byhours }),
    ...(message.byweekdays.length > 0 && { byWeekdays: message.byweekdays.map(decodeWeekday) }),
    ...(message.bymonthdays.length > 0 && { byMonthDays: message.bymonthdays }),
    ...(message.bymonths.length > 0 && { byMonths: message.bymonths }),
  };
}

/**
 * Converts a recurrence rule to a message.
 *
 * @param field its path, for messages
 * @throws RangeError when a name is unknown to the contract, a number is not a 32-bit integer, `untilMs` is not within the
 *   years 1 to 9999, or there is a `count` too. Does not check whether the rule can be evaluated.
 */
export function encodeRecurrenceRule(rule: RecurrenceRule, field: string): RecurrenceRuleMessage {
  const list = <In, Out>(values: readonly In[] | undefined, name: string, encode: (value: In, field: string) => Out) =>
    (values ?? []).map((value, i) => encode(value, `${field}.${name}[${i}]`));
  return {
    freq: encodeEnum(RecurrenceRule_Frequency, rule.frequency, `${field}.frequency`),
    interval: encodeUint32(rule.interval, `${field}.interval`),
    endCriteria: encodeEnd(rule, field),
    byminutes: list(rule.byMinutes, 'byMinutes', encodeUint32),
    byhours: list(rule.byHours, 'byHours', encodeUint32),
    byweekdays: list(rule.byWeekdays, 'byWeekdays', (day, path) => encodeEnum(RecurrenceRule_Weekday, day, path)),
    bymonthdays: list(rule.byMonthDays, 'byMonthDays', encodeInt32),
    bymonths: list(rule.byMonths, 'byMonths', encodeUint32),
  };
}

function decodeWeekday(value: number): Weekday | number {
  const weekday = decodeEnum(RecurrenceRule_Weekday, value);
  // It names no day: a rule with it cannot be evaluated.
  return weekday === 'UNSPECIFIED' ? value : weekday;
}

function encodeEnd(rule: RecurrenceRule, field: string): RecurrenceRuleMessage['endCriteria'] {
  const { count, untilMs } = rule;
  const problem = endProblem(rule, `${field}.`);
  if (problem !== null) throw new RangeError(problem);
  if (count !== undefined) return { countOrUntil: { $case: 'count', value: encodeUint32(count, `${field}.count`) } };
  if (untilMs === undefined) return undefined;
  return { countOrUntil: { $case: 'untilTime', value: encodeInstantMs(untilMs, `${field}.untilMs`) } };
}
