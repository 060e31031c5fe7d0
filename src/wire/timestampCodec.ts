import type { Timestamp } from '../../proto/gen/google/protobuf/timestamp.js';
import { firstDayOfMonth, monthOfDay } from '../model/recurrence/calendar.js';
import { undecodable } from './undecodable.js';

const NANOS_PER_MS = 1_000_000;
const NANOS_PER_SECOND = 1_000_000_000;
const SECONDS_PER_DAY = 86_400;

/** First second of a Timestamp, since the epoch: 0001-01-01T00:00:00Z. */
const MIN_SECONDS = -62_135_596_800n;
/** Last second of a Timestamp, since the epoch: 9999-12-31T23:59:59Z. */
export const MAX_SECONDS = 253_402_300_799n;

/** RFC 3339 in UTC with up to nine fractional digits. */
const INSTANT_TEXT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

const EPOCH_TEXT = '1970-01-01T00:00:00.000000000Z';

/**
 * Character codes in which the text of an instant is written digit by digit: a concatenated string keeps references to all its
 * parts, and a dispatcher holds two such texts for each of 100,000 dispatches.
 */
const instantText = Array.from(EPOCH_TEXT, character => character.charCodeAt(0));
const DIGIT_0 = 48;

/** What is wrong with an instant of the wire, as the end of a sentence that begins with its field; null if it is valid. */
export function timestampProblem({ seconds, nanos }: Timestamp): string | null {
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return 'is not within the years 1 to 9999';
  return nanos >= 0 && nanos < NANOS_PER_SECOND ? null : `has ${nanos} nanoseconds, not 0 to 999999999`;
}

/**
 * Converts an instant of the wire to milliseconds since the epoch, truncated.
 *
 * @param field its path, for the message
 * @throws DispatchError `UNDECODABLE` when it is not within the years 1 to 9999.
 */
export function decodeInstantMs(timestamp: Timestamp, field: string): number {
  checkTimestamp(timestamp, field);
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / NANOS_PER_MS);
}

/**
 * Converts milliseconds since the epoch to an instant of the wire.
 *
 * @param field its path, for the message
 * @throws RangeError when it is not an integer within the years 1 to 9999.
 */
export function encodeInstantMs(ms: number, field: string): Timestamp {
  const seconds = Math.floor(ms / 1000);
  if (!Number.isInteger(ms) || BigInt(seconds) < MIN_SECONDS || BigInt(seconds) > MAX_SECONDS) {
    throw new RangeError(`${field} must be an instant within the years 1 to 9999, in whole milliseconds`);
  }
  return { seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * NANOS_PER_MS };
}

/**
 * Converts an instant of the wire to RFC 3339 text in UTC with nine fractional digits, so that text order is time order. The
 * epoch when it is missing.
 *
 * @param field its path, for the message
 * @throws DispatchError `UNDECODABLE` when it is not within the years 1 to 9999.
 */
export function decodeInstantText(timestamp: Timestamp | undefined, field: string): string {
  if (timestamp === undefined) return EPOCH_TEXT;
  checkTimestamp(timestamp, field);
  const seconds = Number(timestamp.seconds);
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  const secondOfDay = seconds - day * SECONDS_PER_DAY;
  const month = monthOfDay(day);
  writeDigits(Math.floor(month / 12), 0, 4);
  writeDigits((month % 12) + 1, 5, 7);
  writeDigits(day - firstDayOfMonth(month) + 1, 8, 10);
  writeDigits(Math.floor(secondOfDay / 3600), 11, 13);
  writeDigits(Math.floor(secondOfDay / 60) % 60, 14, 16);
  writeDigits(secondOfDay % 60, 17, 19);
  writeDigits(timestamp.nanos, 20, 29);
  return String.fromCharCode(...instantText);
}

/**
 * The inverse of {@link decodeInstantText}; accepts fewer fractional digits.
 *
 * @param field its path, for the message
 * @throws RangeError when the text has another form.
 */
export function encodeInstantText(text: string, field: string): Timestamp {
  const [, whole = '', fraction = ''] = INSTANT_TEXT.exec(text) ?? [];
  const ms = calendarMs(whole);
  if (Number.isNaN(ms) || BigInt(ms / 1000) < MIN_SECONDS) {
    throw new RangeError(`${field} must be an RFC 3339 text in Z within the years 1 to 9999, not ${text}`);
  }
  return { seconds: BigInt(ms / 1000), nanos: Number(fraction.padEnd(9, '0')) };
}

/** The milliseconds since the epoch of a time in UTC such as `2035-01-01T08:00:00`; NaN when the calendar has none such. */
export function calendarMs(whole: string): number {
  const ms = Date.parse(`${whole}Z`);
  // Date takes a day that the month does not have for one of the next month.
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === whole ? ms : Number.NaN;
}

function writeDigits(value: number, from: number, to: number): void {
  let rest = value;
  for (let i = to - 1; i >= from; i -= 1) {
    const shorter = Math.floor(rest / 10);
    instantText[i] = DIGIT_0 + rest - shorter * 10;
    rest = shorter;
  }
}

function checkTimestamp(timestamp: Timestamp, field: string): void {
  const problem = timestampProblem(timestamp);
  if (problem !== null) throw undecodable(field, problem);
}
