import { FIRST_MS, LAST_MS } from './calendar.js';
import { checkRule, checkStartTime, FREQUENCIES, WEEKDAYS } from './checkRule.js';
import type { Frequency, RecurrenceRule, Weekday } from './recurrenceRule.js';
import { RRule } from './rrule.js';

/**
 * Converts a rule to RFC 5545 text: a DTSTART line in UTC and an RRULE line, separated by a line feed.
 *
 * The start time and `untilMs` are truncated to the second, which changes no occurrence. Lists are sorted, without duplicates.
 *
 * @param startTimeMs milliseconds since the epoch
 * @throws RangeError when the rule or the start time is invalid, naming the field and what is allowed in it
 */
export function ruleToRfc5545(rule: RecurrenceRule, startTimeMs: number): string {
  checkRule(rule);
  checkStartTime(startTimeMs);
  const { count = null, untilMs } = rule;
  const parts = RRule.optionsToString({
    freq: RRULE_FREQUENCIES[rule.frequency],
    interval: rule.interval,
    count,
    bymonth: ascending(rule.byMonths),
    bymonthday: ascending(rule.byMonthDays),
    byweekday: ascending(rule.byWeekdays?.map(weekday => WEEKDAYS.indexOf(weekday))),
    byhour: ascending(rule.byHours),
    byminute: ascending(rule.byMinutes),
  });
  // rrule garbles years before 1000, so no date is passed to it.
  const until = untilMs === undefined ? '' : `;UNTIL=${encodeTime(untilMs)}`;
  return `DTSTART:${encodeTime(startTimeMs)}\n${parts}${until}`;
}

/**
 * Parses a rule from RFC 5545 text: an RRULE line, or only what follows its colon (`FREQ=…`), with or without a DTSTART line.
 *
 * DTSTART must be in UTC, as the hours of a rule are, and is ignored otherwise: a rule has no start. What the rule does not specify
 * is taken from the start time of its dispatch.
 *
 * @throws RangeError naming the part that is invalid or not supported, such as BYSETPOS, BYYEARDAY, an ordinal weekday,
 *   FREQ=SECONDLY or a WKST other than MO
 */
export function ruleFromRfc5545(text: string): RecurrenceRule {
  const parts = partsOf(ruleLineOf(text));
  const { FREQ, INTERVAL, COUNT, UNTIL, BYMINUTE, BYHOUR, BYDAY, BYMONTHDAY, BYMONTH, WKST = 'MO', ...others } = parts;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new RangeError(`${unknown} is not supported`);
  if (WKST !== 'MO') throw new RangeError(`WKST must be MO, because weeks start on Monday, got ${WKST}`);
  const frequency = FREQUENCIES.find(name => name === FREQ);
  if (frequency === undefined) throw new RangeError(`FREQ must be one of ${FREQUENCIES.join(', ')}, got ${FREQ}`);
  if (COUNT !== undefined && UNTIL !== undefined) throw new RangeError('COUNT and UNTIL cannot be in the same rule');
  const rule: RecurrenceRule = {
    frequency,
    interval: INTERVAL === undefined ? 1 : decodeInteger('INTERVAL', INTERVAL),
    ...(COUNT !== undefined && { count: decodeInteger('COUNT', COUNT) }),
    ...(UNTIL !== undefined && { untilMs: decodeTime('UNTIL', UNTIL) }),
    ...(BYMINUTE !== undefined && { byMinutes: decodeIntegers('BYMINUTE', BYMINUTE) }),
    ...(BYHOUR !== undefined && { byHours: decodeIntegers('BYHOUR', BYHOUR) }),
    ...(BYDAY !== undefined && { byWeekdays: BYDAY.split(',').map(decodeWeekday) }),
    ...(BYMONTHDAY !== undefined && { byMonthDays: decodeIntegers('BYMONTHDAY', BYMONTHDAY) }),
    ...(BYMONTH !== undefined && { byMonths: decodeIntegers('BYMONTH', BYMONTH) }),
  };
  try {
    checkRule(rule);
  } catch (error) {
    throw new RangeError((error as RangeError).message.replace(/^\w+/, field => PARTS[field] ?? field));
  }
  return rule;
}

/** The parts of a rule by the fields that {@link checkRule} names. */
const PARTS: Readonly<Record<string, PartName>> = {
  interval: 'INTERVAL',
  count: 'COUNT',
  byMinutes: 'BYMINUTE',
  byHours: 'BYHOUR',
  byMonthDays: 'BYMONTHDAY',
  byMonths: 'BYMONTH',
};

const RRULE_FREQUENCIES = {
  MINUTELY: RRule.MINUTELY,
  HOURLY: RRule.HOURLY,
  DAILY: RRule.DAILY,
  WEEKLY: RRule.WEEKLY,
  MONTHLY: RRule.MONTHLY,
  YEARLY: RRule.YEARLY,
} as const satisfies Record<Frequency, unknown>;

type PartName =
  | 'FREQ'
  | 'INTERVAL'
  | 'COUNT'
  | 'UNTIL'
  | 'BYMINUTE'
  | 'BYHOUR'
  | 'BYDAY'
  | 'BYMONTHDAY'
  | 'BYMONTH'
  | 'WKST';

/** The value of the only rule of a text. */
function ruleLineOf(text: string): string {
  // A line that begins with white space continues the one before (RFC 5545 section 3.1).
  const lines = text
    .toUpperCase()
    .replace(/\r?\n[ \t]/g, '')
    .split(/\r?\n/)
    .map(line => line.trim());
  const rules: string[] = [];
  for (const line of lines.filter(line => line !== '')) {
    const [name = line] = /^[A-Z-]+/.exec(line) ?? [];
    if (name === 'DTSTART') decodeTime('DTSTART', line.replace('DTSTART:', ''));
    else if (line.startsWith('RRULE:')) rules.push(line.slice('RRULE:'.length));
    else if (line.startsWith('FREQ=')) rules.push(line);
    else throw new RangeError(`${name} is not supported: only DTSTART and RRULE lines are`);
  }
  const [rule] = rules;
  if (rule === undefined || rules.length > 1) throw new RangeError(`RRULE must be given once, got ${rules.length}`);
  return rule;
}

function partsOf(rule: string): Partial<Record<PartName, string>> {
  const parts = new Map<string, string>();
  for (const part of rule.replace(/;$/, '').split(';')) {
    const [name = '', value] = part.split('=');
    if (value === undefined || value === '') throw new RangeError(`${name} must have a value`);
    if (parts.has(name)) throw new RangeError(`${name} must be given once`);
    parts.set(name, value);
  }
  return Object.fromEntries(parts);
}

function decodeIntegers(part: PartName, text: string): number[] {
  return text.split(',').map(item => decodeInteger(part, item));
}

function decodeInteger(part: PartName, text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new RangeError(`${part} must be integers, got ${text}`);
  return Number(text);
}

function decodeWeekday(text: string): Weekday {
  const weekday = WEEKDAYS.find(name => name.slice(0, 2) === text);
  if (weekday === undefined) throw new RangeError(`BYDAY must be weekdays from MO to SU without a number, got ${text}`);
  return weekday;
}

function decodeTime(name: 'DTSTART' | 'UNTIL', text: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const timeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date.parse() takes 31 April for 1 May.
  if (Number.isNaN(timeMs) || timeMs < FIRST_MS || encodeTime(timeMs) !== text) {
    throw new RangeError(
      year === undefined
        ? `${name} must be a UTC time such as 20260131T080000Z, got ${text}`
        : `${name} is ${text}, a time that does not exist`,
    );
  }
  return timeMs;
}

/** An instant in UTC, truncated to the second and limited to the calendar. */
function encodeTime(timeMs: number): string {
  const text = new Date(Math.min(Math.max(timeMs, FIRST_MS), LAST_MS)).toISOString();
  return `${text.slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function ascending(list: readonly number[] = []): number[] {
  return [...new Set(list)].sort((a, b) => a - b);
}
