import type { ParsedResult } from 'chrono-node';
import { loadOptional } from '../../model/loadOptional.js';
import { instantOf, offsetAt } from '../../model/recurrence/localTime.js';
import { parseTimeZone, refuseAbbreviation } from './parseTimeZone.js';
import { UsageError } from './usageError.js';

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/i;
/** A time and the IANA name of its zone. */
const ZONED = /^(.*\S)\s+([a-z]+(?:\/[a-z0-9_+-]+)+)$/i;

/** Options of {@link parseTime}. */
export interface ParseTimeOptions {
  readonly nowMs: number;
  /** Whether `9am` and `friday` mean the next one instead of today's and this week's. */
  readonly ahead: boolean;
  /** IANA name of the zone of a time that names none. @default UTC */
  readonly timeZone?: string | undefined;
}

/**
 * Parses a time: ISO 8601 (`2026-04-01`, `2026-04-01T14:00`, `2026-04-01 14:00+02:00`, `2026-04-01 14:00 Europe/Berlin`), `now`, or words
 * such as `in 2 hours` and `tomorrow at 9am`.
 *
 * A day without a time is its midnight. A local time that a zone skips, or has twice, is that of {@link instantOf}.
 */
export async function parseTime(text: string, options: ParseTimeOptions): Promise<Date> {
  const { ms, zone } = await readTime(text, options);
  return new Date(zone === null ? ms : instantOf(zone, ms));
}

/** Parses the last time of something: as {@link parseTime}, but a day without a time includes the whole day, to its last second. */
export async function parseLastTime(text: string, options: ParseTimeOptions): Promise<Date> {
  const { ms, zone, isDay } = await readTime(text, options);
  const lastMs = isDay ? ms + DAY_MS : ms;
  return new Date((zone === null ? lastMs : instantOf(zone, lastMs)) - (isDay ? 1000 : 0));
}

const DAY_MS = 24 * 3_600_000;

interface ReadTime {
  /** Milliseconds since the epoch; with a zone the local time as if it were UTC. NaN: the text names no time. */
  readonly ms: number;
  readonly zone: string | null;
  /** Whether it is the midnight of a day that was given without a time. */
  readonly isDay: boolean;
}

async function readTime(text: string, options: ParseTimeOptions): Promise<ReadTime> {
  const trimmed = text.trim();
  if (isNow(trimmed)) return { ms: options.nowMs, zone: null, isDay: false };
  try {
    const [, abbreviation = ''] = /[\s\d]([a-z]{2,5})$/i.exec(trimmed) ?? [];
    refuseAbbreviation(abbreviation);
    const [, local = trimmed, name] = ZONED.exec(trimmed) ?? [];
    const zone = name === undefined ? undefined : parseTimeZone(name);
    const inZone = { ...options, timeZone: zone ?? options.timeZone ?? 'UTC' };
    const read = readIso(local, inZone) ?? (await readWords(local, inZone));
    if (read !== null && !Number.isNaN(read.ms)) {
      if (zone === undefined || read.zone !== null) return read;
      throw new UsageError(`give either a zone such as ${zone}, or an offset or a span from now.`);
    }
  } catch (error) {
    if (error instanceof UsageError)
      throw new UsageError(`Could not parse time expression '${text}': ${error.message}`);
    throw error;
  }
  throw new UsageError(
    `Could not parse time expression '${text}': use 2026-04-01T14:00, 'in 2 hours', 'tomorrow at 9am' or now.`,
  );
}

/** Whether a time expression means the present time, evaluated when the service receives it. */
export function isNow(text: string): boolean {
  return text.trim().toLowerCase() === 'now';
}

interface ReadOptions extends ParseTimeOptions {
  readonly timeZone: string;
}

/** Null when the text has another form. */
function readIso(text: string, { timeZone }: ReadOptions): ReadTime | null {
  const [match, day, time, zone] = ISO.exec(text) ?? [];
  if (match === undefined || day === undefined) return null;
  const midnight = new Date(`${day}T00:00Z`);
  // Date reads 30 February as a day in March.
  const isDate = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
  const ms = isDate ? Date.parse(`${day}T${time ?? '00:00'}${isoZone(zone ?? 'Z')}`) : Number.NaN;
  return { ms, zone: zone === undefined ? timeZone : null, isDay: time === undefined };
}

/** `Z`, or hours and minutes with a colon: the only forms that Date reads. */
function isoZone(zone: string): string {
  const [, sign, hours, minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  return sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
}

async function readWords(text: string, { nowMs, ahead, timeZone }: ReadOptions): Promise<ReadTime | null> {
  // It takes a while to load, and all languages five times as long as one.
  const chrono = await loadOptional('a time in words', () => import('chrono-node/en'));
  // It knows no IANA names, so it reads the local time as if it were UTC.
  const offsetMs = offsetAt(timeZone, nowMs);
  const found = chrono.parse(text, { instant: new Date(nowMs + offsetMs), timezone: 0 }, { forwardDate: ahead });
  const [result] = found;
  if (result === undefined || found.length > 1 || result.text.length !== text.length || result.end) return null;
  // 5/6/2026 is ambiguous.
  if (result.tags().has('parser/SlashDateFormatParser')) return null;
  const at = result.date();
  if (result.tags().has('result/relativeDateAndTime')) return { ms: at.getTime() - offsetMs, zone: null, isDay: false };
  if (result.start.isCertain('timezoneOffset')) {
    if (!/(?:\d|UTC|GMT)$/i.test(text))
      throw new UsageError('the zone must be UTC, GMT, an offset, or a name such as Europe/Berlin.');
    return { ms: at.getTime(), zone: null, isDay: false };
  }
  if (!isDay(result)) return { ms: at.getTime(), zone: timeZone, isDay: false };
  return { ms: at.setUTCHours(0, 0, 0, 0), zone: timeZone, isDay: true };
}

const TIMES_OF_DAY = ['tonight', 'morning', 'afternoon', 'evening'];

/** Whether the text names a day without a time of day. `in 2 days`, which keeps the present time, and `this evening` do not. */
function isDay(result: ParsedResult): boolean {
  const tags = result.tags();
  if (result.start.isCertain('hour') || tags.has('result/relativeDate')) return false;
  return !TIMES_OF_DAY.some(word => tags.has(`casualReference/${word}`));
}
