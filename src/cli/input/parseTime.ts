import type { ParsedResult } from 'chrono-node';
import { loadOptional } from '../../model/loadOptional.js';
import { checkStartTime } from '../../model/recurrence/checkRule.js';
import { offsetAt } from '../../model/recurrence/localTime.js';
import { localTimeNotes } from '../../planning/localTimeNotes.js';
import { InvalidText } from '../../planning/text/invalidText.js';
import {
  checkOneZone,
  instantOfTime,
  isNow,
  lastInstantOfTime,
  type ReadTime,
  readIsoTime,
  splitZone,
} from '../../planning/text/isoTime.js';
import { UsageError } from './usageError.js';

/** Options of {@link parseTime}. */
export interface ParseTimeOptions {
  /** The option or argument that has the time, for messages: `--until`, `<start-time>`. */
  readonly of: string;
  readonly nowMs: number;
  /** Whether `9am` and `friday` mean the next one instead of today's and this week's. */
  readonly ahead: boolean;
  /** IANA name of the zone of a time that names none. @default UTC */
  readonly timeZone?: string | undefined;
  /** Tells of a local time that its zone skips, or has twice. */
  readonly say?: ((notes: readonly string[]) => unknown) | undefined;
}

/**
 * Parses a time: ISO 8601 (`2026-04-01`, `2026-04-01T14:00`, `2026-04-01 14:00+02:00`, `2026-04-01 14:00 Europe/Berlin`), `now`, or words
 * such as `in 2 hours` and `tomorrow at 9am`.
 *
 * A day without a time is its midnight. A local time that a zone skips, or has twice, takes the offset before the change.
 */
export async function parseTime(text: string, options: ParseTimeOptions): Promise<Date> {
  return (await parseStart(text, options)).time;
}

/** A time with the local one that it was given as. */
export interface ParsedStart {
  readonly time: Date;
  /** As if it were UTC, milliseconds since the epoch; undefined: it was not given in the zone of the options. */
  readonly localMs: number | undefined;
}

/** Parses the start of a rule: as {@link parseTime}, but keeps a local time that its zone skips. */
export async function parseStart(text: string, options: ParseTimeOptions): Promise<ParsedStart> {
  const read = await readTime(text, options);
  if (read.zone !== null) options.say?.(localTimeNotes(read.zone, read.ms));
  const isLocal = read.zone !== null && read.zone === options.timeZone;
  return { time: dateOf(instantOfTime(read), text, options), localMs: isLocal ? read.ms : undefined };
}

/** Parses the last time of something: as {@link parseTime}, but a day without a time includes the whole day, to its last second. */
export async function parseLastTime(text: string, options: ParseTimeOptions): Promise<Date> {
  return dateOf(lastInstantOfTime(await readTime(text, options)), text, options);
}

/** The date of an instant that the protocol can represent. */
function dateOf(ms: number, text: string, { of }: ParseTimeOptions): Date {
  try {
    checkStartTime(ms);
    return new Date(ms);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${of}: '${text}' is not within the years 1 to 9999.`);
    throw error;
  }
}

async function readTime(text: string, options: ParseTimeOptions): Promise<ReadTime> {
  const trimmed = text.trim();
  if (isNow(trimmed)) return { ms: options.nowMs, zone: null, isDay: false };
  try {
    const { local, zone } = splitZone(trimmed);
    const timeZone = zone ?? options.timeZone ?? 'UTC';
    const read = readIsoTime(local, timeZone) ?? (await readWords(local, { ...options, timeZone }));
    if (read !== null && !Number.isNaN(read.ms)) {
      checkOneZone(read, zone);
      return read;
    }
  } catch (error) {
    if (error instanceof InvalidText)
      throw new UsageError(`${options.of}: Could not parse time expression '${text}': ${error.message}`);
    throw error;
  }
  throw new UsageError(
    `${options.of}: Could not parse time expression '${text}': use 2026-04-01T14:00, 'in 2 hours', 'tomorrow at 9am' or now.`,
  );
}

interface ReadOptions extends ParseTimeOptions {
  readonly timeZone: string;
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
