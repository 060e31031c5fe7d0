import { type Command, Option } from 'commander';

import { checkRule, FREQUENCIES, WEEKDAYS } from '../../model/recurrence/checkRule.js';
import type { Frequency, RecurrenceRule, Weekday } from '../../model/recurrence/recurrenceRule.js';
import { parseTime } from './parseTime.js';
import { listOf, parseInteger, parseName } from './parseValue.js';
import { UsageError } from './usageError.js';

/** The options of a recurrence rule, as commander parses them. */
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
    .option('--interval <n>', 'every how many units (default: 1)', parseInteger)
    .addOption(new Option('--count <n>', 'number of runs').argParser(parseInteger).conflicts('until'))
    .option('--until <time>', 'last time at which a run may start')
    .option('--by-minute <list>', 'minutes, such as 0,30', listOf(parseInteger))
    .option('--by-hour <list>', 'hours, such as 8,17', listOf(parseInteger))
    .option('--by-weekday <list>', 'weekdays, such as mon,fri', listOf(parseWeekday))
    .option('--by-monthday <list>', 'days of the month, such as 1,15; -1 is the last', listOf(parseInteger))
    .option('--by-month <list>', 'months, such as 3,6,9,12', listOf(parseInteger));
}

/** Reads the rule from the options; undefined when no option of a rule is given. */
export async function readRecurrence(options: RecurrenceOptions, nowMs: number): Promise<RecurrenceRule | undefined> {
  const { frequency, interval = 1, count, until, byMinute, byHour, byWeekday, byMonthday, byMonth } = options;
  if (frequency === undefined) {
    const detail = DETAILS.find(name => options[name] !== undefined);
    if (detail === undefined) return undefined;
    throw new UsageError(
      `--${detail.replace(/[A-Z]/, '-$&').toLowerCase()} needs a --frequency: a rule is set as a whole.`,
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
    if (error instanceof RangeError) throw new UsageError(`The recurrence rule is invalid: ${error.message}.`);
    throw error;
  }
  return rule;
}

/** Parses a weekday: its name, or the first two or three letters of it. */
function parseWeekday(text: string): Weekday {
  const letters = text.trim().toUpperCase();
  const short = WEEKDAYS.find(day => day.slice(0, 2) === letters || day.slice(0, 3) === letters);
  return short ?? parseName(WEEKDAYS)(text);
}
