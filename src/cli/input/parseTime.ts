import type { ParsedResult } from 'chrono-node';
import { loadOptional } from '../../model/loadOptional.js';

import { refuseAbbreviation } from './parseTimeZone.js';
import { UsageError } from './usageError.js';

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/** Options of {@link parseTime}. */
export interface ParseTimeOptions {
  readonly nowMs: number;
  /** Whether `9am` and `friday` mean the next one instead of today's and this week's. */
  readonly ahead: boolean;
}

/**
 * Parses a time: ISO 8601 (`2026-04-01`, `2026-04-01T14:00`, `2026-04-01 14:00+02:00`), `now`, or words such as `in 2 hours` and
 * `tomorrow at 9am`.
 *
 * A time without a zone is UTC, and a day without a time is its midnight.
 */
export async function parseTime(text: string, options: ParseTimeOptions): Promise<Date> {
  return (await readTime(text, options)).at;
}

/** Parses the last time of something: as {@link parseTime}, but a day without a time includes the whole day, to its last second. */
export async function parseLastTime(text: string, options: ParseTimeOptions): Promise<Date> {
  const { at, isDay } = await readTime(text, options);
  return isDay ? new Date(at.getTime() + DAY_MS - 1000) : at;
}

const DAY_MS = 24 * 3_600_000;

interface ReadTime {
  readonly at: Date;
  /** Whether it is the midnight of a day that was given without a time. */
  readonly isDay: boolean;
}

async function readTime(text: string, options: ParseTimeOptions): Promise<ReadTime> {
  const trimmed = text.trim();
  if (isNow(trimmed)) return { at: new Date(options.nowMs), isDay: false };
  const [, abbreviation = ''] = /[\s\d]([a-z]{2,5})$/i.exec(trimmed) ?? [];
  refuseAbbreviation(abbreviation, `Could not parse time expression '${text}': `);
  const read = readIso(trimmed) ?? (await readWords(trimmed, options));
  if (read !== null && !Number.isNaN(read.at.getTime())) return read;
  throw new UsageError(
    `Could not parse time expression '${text}': use 2026-04-01T14:00, 'in 2 hours', 'tomorrow at 9am' or now.`,
  );
}

/** Whether a time expression means the present time, evaluated when the service receives it. */
export function isNow(text: string): boolean {
  return text.trim().toLowerCase() === 'now';
}

/** Null when the text has another form; an invalid Date when it has this form but names no time. */
function readIso(text: string): ReadTime | null {
  const [match, day, time, zone = 'Z'] = ISO.exec(text) ?? [];
  if (match === undefined || day === undefined) return null;
  const at = new Date(`${day}T${time ?? '00:00'}${isoZone(zone)}`);
  const midnight = new Date(`${day}T00:00Z`);
  // Date reads 30 February as a day in March.
  const isDate = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
  return { at: isDate ? at : new Date(Number.NaN), isDay: time === undefined };
}

/** `Z`, or hours and minutes with a colon: the only forms that Date reads. */
function isoZone(zone: string): string {
  const [, sign, hours, minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  return sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
}

async function readWords(text: string, { nowMs, ahead }: ParseTimeOptions): Promise<ReadTime | null> {
  // It takes a while to load, and all languages five times as long as one.
  const chrono = await loadOptional('a time in words', () => import('chrono-node/en'));
  const found = chrono.parse(text, { instant: new Date(nowMs), timezone: 0 }, { forwardDate: ahead });
  const [result] = found;
  if (result === undefined || found.length > 1 || result.text.length !== text.length || result.end) return null;
  const hasZone = result.start.isCertain('timezoneOffset') && !result.tags().has('result/relativeDate');
  if (hasZone && !/(?:\d|\b(?:UTC|GMT|now))$/i.test(text)) {
    throw new UsageError(
      `Could not parse time expression '${text}': the zone must be UTC, GMT or an offset such as +02:00.`,
    );
  }
  // 5/6/2026 is ambiguous.
  if (result.tags().has('parser/SlashDateFormatParser')) return null;
  const at = result.date();
  if (!isDay(result)) return { at, isDay: false };
  at.setUTCHours(0, 0, 0, 0);
  return { at, isDay: true };
}

const TIMES_OF_DAY = ['tonight', 'morning', 'afternoon', 'evening'];

/** Whether the text names a day without a time of day. `in 2 days`, which keeps the present time, and `this evening` do not. */
function isDay(result: ParsedResult): boolean {
  const tags = result.tags();
  if (result.start.isCertain('hour') || tags.has('result/relativeDate')) return false;
  return !TIMES_OF_DAY.some(word => tags.has(`casualReference/${word}`));
}
