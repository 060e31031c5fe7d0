import {
  RecurrenceRule_Frequency,
  RecurrenceRule_Weekday,
  type RecurrenceRule as RecurrenceRuleMessage,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { FREQUENCIES, WEEKDAYS } from '../model/checkRule.js';
import type { RecurrenceRule } from '../model/recurrenceRule.js';

/**
 * The recurrence rule of a message. An interval that is not set is 1; a fraction of `until_time` below a millisecond is cut
 * off; enum numbers without a name stay numbers.
 */
export function decodeRecurrenceRule(message: RecurrenceRuleMessage): RecurrenceRule {
  const end = message.endCriteria?.countOrUntil;
  return {
    frequency: nameOf(FREQUENCIES, RecurrenceRule_Frequency, message.freq),
    interval: message.interval || 1,
    ...(end?.$case === 'count' && { count: end.value }),
    ...(end?.$case === 'untilTime' && {
      untilMs: Number(end.value.seconds) * 1000 + Math.floor(end.value.nanos / 1_000_000),
    }),
    byMinutes: message.byminutes,
    byHours: message.byhours,
    byWeekdays: message.byweekdays.map(weekday => nameOf(WEEKDAYS, RecurrenceRule_Weekday, weekday)),
    byMonthDays: message.bymonthdays,
    byMonths: message.bymonths,
  };
}

function nameOf<Name extends string>(
  names: readonly Name[],
  numbers: { readonly [name in Name]: number },
  value: number,
): Name | number {
  return names.find(name => numbers[name] === value) ?? value;
}
