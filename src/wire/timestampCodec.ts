import type { Timestamp } from '../../proto/gen/google/protobuf/timestamp.js';
import { undecodable } from './undecodable.js';

const NANOS_PER_MS = 1_000_000;
const NANOS_PER_SECOND = 1_000_000_000;

/** The first second that a Timestamp may hold, since the epoch: 0001-01-01T00:00:00Z. */
const MIN_SECONDS = -62_135_596_800n;
/** The last second that a Timestamp may hold, since the epoch: 9999-12-31T23:59:59Z. */
export const MAX_SECONDS = 253_402_300_799n;

/** RFC 3339 in Z with up to nine digits of a second. */
const INSTANT_TEXT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

/** What is wrong with an instant of the wire, as the end of a sentence that begins with its field; null: nothing. */
export function timestampProblem({ seconds, nanos }: Timestamp): string | null {
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return 'is not within the years 1 to 9999';
  return nanos >= 0 && nanos < NANOS_PER_SECOND ? null : `has ${nanos} nanoseconds, not 0 to 999999999`;
}

/**
 * An instant of the wire in milliseconds since the epoch; a finer fraction is cut off.
 *
 * @param field its path, for the message
 * @throws DispatchError `UNDECODABLE` when it is not within the years 1 to 9999.
 */
export function decodeInstantMs(timestamp: Timestamp, field: string): number {
  checkTimestamp(timestamp, field);
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / NANOS_PER_MS);
}

/**
 * Milliseconds since the epoch as an instant of the wire.
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
 * An instant of the wire as RFC 3339 text in Z with nine digits of a second, so that text order is time order. The epoch
 * when there is none.
 *
 * @param field its path, for the message
 * @throws DispatchError `UNDECODABLE` when it is not within the years 1 to 9999.
 */
export function decodeInstantText(timestamp: Timestamp | undefined, field: string): string {
  const { seconds, nanos } = timestamp ?? { seconds: 0n, nanos: 0 };
  checkTimestamp({ seconds, nanos }, field);
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;
}

/**
 * The reverse of {@link decodeInstantText}; fewer digits of a second will do.
 *
 * @param field its path, for the message
 * @throws RangeError when it is no such text.
 */
export function encodeInstantText(text: string, field: string): Timestamp {
  const [, whole, fraction = ''] = INSTANT_TEXT.exec(text) ?? [];
  const ms = Date.parse(`${whole}Z`);
  // A day that the month does not have is taken for one of the next month.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== whole || BigInt(ms / 1000) < MIN_SECONDS) {
    throw new RangeError(`${field} must be an RFC 3339 text in Z within the years 1 to 9999, not ${text}`);
  }
  return { seconds: BigInt(ms / 1000), nanos: Number(fraction.padEnd(9, '0')) };
}

function checkTimestamp(timestamp: Timestamp, field: string): void {
  const problem = timestampProblem(timestamp);
  if (problem !== null) throw undecodable(field, problem);
}
