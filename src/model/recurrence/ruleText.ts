import type { Options } from 'rrule';

import { FIRST_MS, LAST_MS } from './calendar.js';
import { type CheckedRule, checkRule, WEEKDAYS } from './checkRule.js';
import type { Frequency, RecurrenceRule, Weekday } from './recurrenceRule.js';
import { RRule } from './rrule.js';
import { ordinalOf, takesOrdinals } from './weekdayOrdinals.js';

/**
 * Describes a rule in English, such as `every 2 weeks on Monday and Friday at 08:00 and 17:30 UTC, 10 times`.
 *
 * The text contains everything that the rule specifies, and nothing that the rule takes from the start time of its dispatch.
 *
 * @throws RangeError when the rule is invalid, naming the field and what is allowed in it
 */
export function ruleToText(rule: RecurrenceRule): string {
  checkRule(rule);
  const { interval } = rule;
  const unit = UNITS[rule.frequency];
  const every = interval === 1 ? `every ${unit}` : `every ${interval} ${unit}s`;
  const phrases = [every, inMonths(rule), onDays(rule), atTimes(rule)].filter(phrase => phrase !== '');
  return phrases.join(' ') + ending(rule);
}

const UNITS: Readonly<Record<Frequency, string>> = {
  MINUTELY: 'minute',
  HOURLY: 'hour',
  DAILY: 'day',
  WEEKLY: 'week',
  MONTHLY: 'month',
  YEARLY: 'year',
};

/** Maximum number of times of day that are spelled out; more are described by hours and minutes. */
const MAX_TIMES = 12;

const LIST = new Intl.ListFormat('en-GB');

// rrule's text of a whole rule is not used: it drops minutes, the hours of most rules and the months of some, and calls every
// second day that is a working day "every 2 weekdays". What it says of months and of days is right.

function inMonths({ byMonths = [] }: CheckedRule): string {
  return byMonths.length === 0 ? '' : `in ${rruleText({ freq: RRule.YEARLY, bymonth: ascending(byMonths) }, 'every ')}`;
}

function onDays(rule: CheckedRule): string {
  const { frequency, byMonths = [], byMonthDays = [], byWeekdays = [] } = rule;
  if (byMonthDays.length === 0 && byWeekdays.length === 0) return '';
  const isOfMonths = byWeekdays.length > 0 && takesOrdinals(frequency, byMonths.length > 0);
  const ordinal = isOfMonths ? ordinalOf(byMonthDays) : undefined;
  if (ordinal !== undefined) return `on ${LIST.format(weekdaysOf(byWeekdays).map(day => `the ${ordinal} ${day}`))}`;
  const days: Partial<Options> = { freq: RRule.MONTHLY };
  if (byMonthDays.length > 0) days.bymonthday = ascending(byMonthDays);
  if (byWeekdays.length > 0) days.byweekday = ascending(byWeekdays.map(day => WEEKDAYS.indexOf(day)));
  const text = rruleText(days, 'every month ');
  if (byMonthDays.length === 0) return text.replace(/, (?=[^,]*$)/, ' and ');
  return text.endsWith('last') ? `${text} day` : text;
}

function weekdaysOf(days: readonly Weekday[]): string[] {
  return WEEKDAYS.filter(day => days.includes(day)).map(day => day.charAt(0) + day.slice(1).toLowerCase());
}

function atTimes({ byHours = [], byMinutes = [] }: CheckedRule): string {
  const hours = ascending(byHours);
  const minutes = ascending(byMinutes);
  if (hours.length > 0 && minutes.length > 0 && hours.length * minutes.length <= MAX_TIMES) {
    return `at ${LIST.format(hours.flatMap(hour => minutes.map(minute => timeOfDay(hour, minute))))} UTC`;
  }
  const phrases = [];
  if (minutes.length > 0) phrases.push(`at ${plural('minute', minutes)} ${LIST.format(minutes.map(String))}`);
  if (hours.length > 0) {
    phrases.push(`in the ${plural('hour', hours)} of ${LIST.format(hours.map(hour => timeOfDay(hour, 0)))} UTC`);
  }
  return phrases.join(' ');
}

function ending({ count, untilMs }: CheckedRule): string {
  if (count !== undefined) return count === 1 ? ', once' : `, ${count} times`;
  if (untilMs === undefined) return '';
  const until = new Date(Math.min(Math.max(untilMs, FIRST_MS), LAST_MS)).toISOString();
  const seconds = until.slice(16, 19) === ':00' ? '' : until.slice(16, 19);
  return `, until ${until.slice(0, 10)} ${until.slice(11, 16)}${seconds} UTC`;
}

/** The text that rrule has for a rule, without how it begins. */
function rruleText(options: Partial<Options>, beginning: string): string {
  // A start, though of no account, spares RRule a look at the clock.
  const text = new RRule({ ...options, dtstart: new Date(0) }).toText();
  if (!text.startsWith(beginning)) throw new Error(`rrule's text does not begin with "${beginning}": ${text}`);
  return text.slice(beginning.length);
}

function timeOfDay(hour: number, minute: number): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

function plural(noun: string, list: readonly unknown[]): string {
  return list.length === 1 ? noun : `${noun}s`;
}

function ascending(list: readonly number[]): number[] {
  return [...new Set(list)].sort((a, b) => a - b);
}
