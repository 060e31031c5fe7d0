import { type Command, Option } from 'commander';

import { checkRule, FREQUENCIES } from '../../model/recurrence/checkRule.js';
import type { Frequency, RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import { ruleFromRfc5545 } from '../../model/recurrence/ruleRfc5545.js';
import { parseHours, parseMinutes, parseMonthDays, parseMonths } from '../../planning/text/ruleLists.js';
import { optionName } from './optionName.js';
import { parseLastTime } from './parseTime.js';
import { parseCount, parseName } from './parseValue.js';
import { parseWeekdays, type WeekdayItem, weekdayParts } from './parseWeekdays.js';
import { UsageError } from './usageError.js';

/** The options of a recurrence rule, as commander parses them. */
export interface RecurrenceOptions {
  readonly frequency?: Frequency;
  readonly interval?: number;
  readonly count?: number;
  readonly until?: string;
  readonly byMinute?: readonly number[];
  readonly byHour?: readonly number[];
  readonly byWeekday?: readonly WeekdayItem[];
  readonly byMonthday?: readonly number[];
  readonly byMonth?: readonly number[];
  readonly rrule?: RecurrenceRule;
}

const DETAILS = ['interval', 'count', 'until', 'byMinute', 'byHour', 'byWeekday', 'byMonthday', 'byMonth'] as const;

/** Adds the options of a recurrence rule to a command. */
export function addRecurrenceOptions(command: Command): Command {
  return command
    .optionsGroup('Recurrence (RFC 5545, in UTC unless --time-zone is given):')
    .option('-f, --frequency <unit>', 'minutely, hourly, daily, weekly, monthly or yearly', parseName(FREQUENCIES))
    .option('--interval <n>', 'every how many units (default: 1)', parseUint32)
    .addOption(new Option('--count <n>', 'number of runs, such as 10').argParser(parseUint32).conflicts('until'))
    .option('--until <time>', 'last time at which a run may start, such as 2026-12-31; a date includes its whole day')
    .option('--by-minute <list>', 'minutes, such as 0,30 or 0-10', checked('byMinutes', parseMinutes))
    .option('--by-hour <list>', 'hours, such as 8,17 or 8-18', checked('byHours', parseHours))
    .option(
      '--by-weekday <list>',
      "weekdays, such as mon,fri or mon-fri; of a month 'first mon' or 'last fri'",
      parseWeekdays,
    )
    .option(
      '--by-monthday <list>',
      'days of the month, such as 1,15 or 1-7; -1 is the last',
      checked('byMonthDays', parseMonthDays),
    )
    .option('--by-month <list>', 'months, such as 3,6 or 4-9', checked('byMonths', parseMonths))
    .addOption(
      new Option('--rrule <text>', "the whole rule as RFC 5545 text, such as 'FREQ=WEEKLY;BYDAY=MO,FR'")
        .argParser(parseRule)
        .conflicts(['frequency', ...DETAILS]),
    );
}

/** The largest number that a rule of the contract can have. */
const MAX_UINT32 = 2 ** 32 - 1;

function parseUint32(text: string): number {
  const count = parseCount(text);
  if (count <= MAX_UINT32) return count;
  throw new UsageError(`It must be at most ${MAX_UINT32}.`);
}

/** A parser of a list that refuses what a rule cannot have in that field: commander names the option. */
function checked(field: 'byMinutes' | 'byHours' | 'byMonthDays' | 'byMonths', parse: typeof parseHours) {
  return (text: string, previous?: readonly number[]): readonly number[] => {
    const values = parse(text, previous);
    try {
      checkRule({ frequency: 'DAILY', interval: 1, [field]: values });
    } catch (error) {
      if (error instanceof RangeError) throw new UsageError(`${error.message.replace(field, 'They')}.`);
      throw error;
    }
    return values;
  };
}

function parseRule(text: string): RecurrenceRule {
  if (/^\s*DTSTART/im.test(text))
    throw new UsageError('It must not have a DTSTART: the start time is an option of its own.');
  try {
    const rule = ruleFromRfc5545(text);
    const { interval, count = 1 } = rule;
    if (Math.max(interval, count) > MAX_UINT32)
      throw new RangeError(`${interval > MAX_UINT32 ? 'INTERVAL' : 'COUNT'} must be at most ${MAX_UINT32}`);
    return rule;
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`${error.message}; a rule is such as FREQ=WEEKLY;BYDAY=MO,FR.`);
    throw error;
  }
}

/**
 * Reads the rule from the options; undefined when no option of a rule is given.
 *
 * @param timeZone zone of an `--until` that names none; @default UTC
 */
export async function readRecurrence(
  options: RecurrenceOptions,
  nowMs: number,
  timeZone?: string,
): Promise<RecurrenceRule | undefined> {
  const { frequency, interval = 1, count, until, byMinute, byHour, byWeekday, byMonthday, byMonth, rrule } = options;
  if (rrule !== undefined) return rrule;
  if (frequency === undefined) {
    const detail = DETAILS.find(name => options[name] !== undefined);
    if (detail === undefined) return undefined;
    throw new UsageError(`${optionName(detail)} needs a --frequency: a rule is set as a whole.`);
  }
  const base: RecurrenceRule = {
    frequency,
    interval,
    ...(count !== undefined && { count }),
    ...(until !== undefined && {
      untilMs: (await parseLastTime(until, { of: '--until', nowMs, ahead: true, timeZone })).getTime(),
    }),
    ...(byMinute && { byMinutes: byMinute }),
    ...(byHour && { byHours: byHour }),
    ...(byMonthday && { byMonthDays: byMonthday }),
    ...(byMonth && { byMonths: byMonth }),
  };
  const rule = { ...base, ...(byWeekday && weekdayParts(byWeekday, base)) };
  try {
    checkRule(rule);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`The recurrence rule is invalid: ${error.message}.`);
    throw error;
  }
  return rule;
}
