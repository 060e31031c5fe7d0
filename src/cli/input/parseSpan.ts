import { parseDuration } from '../../planning/text/parseDuration.js';
import { UsageError } from './usageError.js';

/** The longest wait of a timer of Node.js is some hours longer; then a timer fires at once. */
const LONGEST_DAYS = 24;

/** Parses how long to wait for something: a {@link parseDuration duration} within limits. Returns milliseconds. */
export function parseSpan(leastMs: number, mostDays: number = LONGEST_DAYS): (text: string) => number {
  return text => {
    const spanMs = parseDuration(text);
    if (spanMs >= leastMs && spanMs <= mostDays * 24 * 3_600_000) return spanMs;
    throw new UsageError(`It must be from ${leastMs / 1000}s to ${mostDays} days.`);
  };
}
