import { WEEKDAYS } from '../../model/recurrence/checkRule.js';
import type { RecurrenceRule, Weekday } from '../../model/recurrence/recurrenceRule.js';
import { ORDINAL_DAYS, ORDINALS, type Ordinal, takesOrdinals } from '../../model/recurrence/weekdayOrdinals.js';
import { listOfRanges } from '../../planning/text/parseRange.js';
import { parseName, withValuesOf } from './parseValue.js';
import { UsageError } from './usageError.js';

/** A weekday of each week, or the first (second, …) one of a month. */
export interface WeekdayItem {
  readonly weekday: Weekday;
  readonly ordinal?: Ordinal;
}

const NUMBERS = ['1st', '2nd', '3rd', '4th', '5th'];

const parseDay = parseName(WEEKDAYS);
const parseDays = listOfRanges(parseWeekday, { values: WEEKDAYS, isCyclic: true });

/**
 * Parses an option that may be repeated: weekdays by name or the first two or three letters of it, with ranges (`mon,wed`, `mon-fri`), or
 * those of a month by ordinal (`first mon`, `last fri`).
 */
export const parseWeekdays = withValuesOf(
  parseDay,
  (text: string, previous: readonly WeekdayItem[] = []): readonly WeekdayItem[] => {
    const items = text.split(',').flatMap((part): WeekdayItem[] => {
      const [, word, day] = /^\s*(\S+)\s+([a-z]+)\s*$/i.exec(part) ?? [];
      if (word === undefined || day === undefined) return parseDays(part).map(weekday => ({ weekday }));
      return [{ weekday: parseWeekday(day), ordinal: parseOrdinal(word) }];
    });
    return [...previous, ...items];
  },
);

/**
 * The parts that mean weekdays, of a rule that lacks them.
 *
 * @throws UsageError when the rule cannot say it.
 */
export function weekdayParts(
  items: readonly WeekdayItem[],
  rule: RecurrenceRule,
): Pick<RecurrenceRule, 'byWeekdays' | 'byMonthDays'> {
  const byWeekdays = items.map(({ weekday }) => weekday);
  const ordinal = items.find(item => item.ordinal !== undefined)?.ordinal;
  if (ordinal === undefined) return { byWeekdays };
  const what = `--by-weekday '${ordinal} …'`;
  if (items.some(item => item.ordinal !== ordinal)) {
    throw new UsageError(`${what}: all weekdays of a rule must be the ${ordinal} ones; use a dispatch for each.`);
  }
  if (rule.byMonthDays !== undefined) throw new UsageError(`${what} cannot be used with --by-monthday.`);
  if (!takesOrdinals(rule.frequency, rule.byMonths !== undefined)) {
    throw new UsageError(`${what} needs --frequency monthly, or yearly with --by-month.`);
  }
  return { byWeekdays, byMonthDays: ORDINAL_DAYS[ordinal] };
}

function parseWeekday(text: string): Weekday {
  const letters = text.trim().toUpperCase();
  const short = WEEKDAYS.find(day => day.slice(0, 2) === letters || day.slice(0, 3) === letters);
  return short ?? parseDay(text);
}

function parseOrdinal(text: string): Ordinal {
  const word = text.toLowerCase();
  const found = ORDINALS[NUMBERS.indexOf(word)] ?? ORDINALS.find(name => name === word);
  if (found !== undefined) return found;
  throw new UsageError(`'${text}' must be one of ${ORDINALS.join(', ')}.`);
}
