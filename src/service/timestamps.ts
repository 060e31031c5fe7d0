import type { Timestamp } from '../../proto/gen/google/protobuf/timestamp.js';

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds: what a Timestamp may hold. */
const MIN_SECONDS = -62_135_596_800n;
/** The last second that a Timestamp may hold, since the epoch. */
export const MAX_SECONDS = 253_402_300_799n;
const NANOS_PER_SECOND = 1_000_000_000;

/** What is wrong with a timestamp; null when it is one. */
export function timestampProblem({ seconds, nanos }: Timestamp): string | null {
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return 'is not within the years 1 to 9999';
  return nanos >= 0 && nanos < NANOS_PER_SECOND ? null : `has ${nanos} nanoseconds, not 0 to 999999999`;
}

/** The nearest whole second; of two equally near the even one, as the Python client expects. */
export function roundedSeconds({ seconds, nanos }: Timestamp): number {
  const whole = Number(seconds);
  const half = NANOS_PER_SECOND / 2;
  return nanos > half || (nanos === half && whole % 2 !== 0) ? whole + 1 : whole;
}

/** The instant a whole number of seconds after the epoch. */
export function timestampOfSeconds(seconds: number): Timestamp {
  return { seconds: BigInt(seconds), nanos: 0 };
}

/** The instant a whole number of microseconds after the epoch. */
export function timestampOfMicros(micros: number): Timestamp {
  const seconds = Math.floor(micros / 1_000_000);
  return { seconds: BigInt(seconds), nanos: (micros - seconds * 1_000_000) * 1000 };
}

/** The first whole second at or after the instant. */
export function secondsAtOrAfter({ seconds, nanos }: Timestamp): number {
  return Number(seconds) + (nanos > 0 ? 1 : 0);
}

/**
 * The first whole microsecond at or after the instant, since the epoch. Instants more than 285 years from the epoch give
 * the last number that is exact: nothing is stored beyond it.
 */
export function microsAtOrAfter({ seconds, nanos }: Timestamp): number {
  const micros = Number(seconds) * 1_000_000 + Math.ceil(nanos / 1000);
  return Math.min(Math.max(micros, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
