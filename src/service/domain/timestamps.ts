import type { Timestamp } from '../../../proto/gen/google/protobuf/timestamp.js';

const NANOS_PER_SECOND = 1_000_000_000;

/** Rounds to the nearest second, half to even, as the Python client expects. */
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
 * the last exact number: nothing is stored beyond it.
 */
export function microsAtOrAfter({ seconds, nanos }: Timestamp): number {
  const micros = Number(seconds) * 1_000_000 + Math.ceil(nanos / 1000);
  return Math.min(Math.max(micros, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
