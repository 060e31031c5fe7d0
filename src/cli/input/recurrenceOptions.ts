import { type Command, Option } from 'commander';

import { checkRule, FREQUENCIES, WEEKDAYS } from '../../model/recurrence/checkRule.js';
import type { Frequency, RecurrenceRule, Weekday } from '../../model/recurrence/recurrenceRule.js';
import { parseTime } from './parseTime.js';
import { listOf, parseInteger, parseName } from './parseValue.js';
import { UsageError } from './usageError.js';

/** The options that make a recurrence rule, as commander gives them. */
export interface RecurrenceOptions {
  readonly frequency?: Frequency;
  readonly interval?: number;
  readonly count?: number;
  readonly until?: string;
  readonly byMinute?: readonly number[];
  readonly byHour?: readonly number[];
  readonly byWeekday?: readonly Weekday[];
  readonly byMonthday?: readonly number[];
  readonly byMonth?: readonly number[];
}

const DETAILS = ['interval', 'count', 'until', 'byMinute', 'byHour', 'byWeekday', 'byMonthday', 'byMonth'] as const;

/** Adds the options of a recurrence rule to a command. */
export function addRecurrenceOptions(command: Command): Command {
  return command
    .optionsGroup('Recurrence (RFC 5545, in UTC):')
    .option('-f, --frequency <unit>', 'minutely, hourly, daily, weekly, monthly or yearly', parseName(FREQUENCIES))
    .option('--interval <n>', 'every n units (default: 1)', parseInteger)
    .addOption(new Option('--count <n>', 'the number of runs').argParser(parseInteger).conflicts('until'))
    .option('--until <time>', 'the last instant at which a run may start')
    .option('--by-minute <list>', 'minutes of the hour, such as 0,30', listOf(parseInteger))
    .option('--by-hour <list>', 'hours of the day, such as 8,17', listOf(parseInteger))
    .option('--by-weekday <list>', 'days of the week, such as mon,fri', listOf(parseWeekday))
    .option('--by-monthday <list>', 'days of the month; -1 is the last', listOf(parseInteger))
    .option('--by-month <list>', 'months of the year, 1 to 12', listOf(parseInteger));
}

/** The rule that the options ask for; undefined when they ask for none. */
export async function readRecurrence(options: RecurrenceOptions, nowMs: number): Promise<RecurrenceRule | undefined> {
  const { frequency, interval = 1, count, until, byMinute, byHour, byWeekday, byMonthday, byMonth } = options;
  if (frequency === undefined) {
    const detail = DETAILS.find(name => options[name] !== undefined);
    if (detail === undefined) return undefined;
    throw new UsageError(
      `--${detail.replace(/[A-Z]/, '-$&').toLowerCase()} needs a --frequency: a rule is given as a whole.`,
    );
  }
  const rule: RecurrenceRule = {
    frequency,
    interval,
    ...(count !== undefined && { count }),
    ...(until !== undefined && { untilMs: (await parseTime(until, { nowMs, ahead: true })).getTime() }),
    ...(byMinute && { byMinutes: byMinute }),
    ...(byHour && { byHours: byHour }),
    ...(byWeekday && { byWeekdays: byWeekday }),
    ...(byMonthday && { byMonthDays: byMonthday }),
    ...(byMonth && { byMonths: byMonth }),
  };
  try {
    checkRule(rule);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`The rule is wrong: ${error.message}.`);
    throw error;
  }
  return rule;
}

/** A weekday by its name, or the first three letters of it. */
function parseWeekday(text: string): Weekday {
  const short = WEEKDAYS.find(day => day.slice(0, 3) === text.trim().toUpperCase());
  return short ?? parseName(WEEKDAYS)(text);
}
