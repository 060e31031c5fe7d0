import { parseDuration } from './parseDuration.js';
import { UsageError } from './usageError.js';

/** The longest wait of a timer of Node.js is some hours longer; then a timer fires at once. */
const MAX_DAYS = 24;

/** Parses how long to wait for something: a {@link parseDuration duration} of at most 24 days. Returns milliseconds. */
export function parseSpan(leastMs: number): (text: string) => number {
  return text => {
    const spanMs = parseDuration(text);
    if (spanMs >= leastMs && spanMs <= MAX_DAYS * 24 * 3_600_000) return spanMs;
    throw new UsageError(`It must be from ${leastMs / 1000}s to ${MAX_DAYS} days.`);
  };
}
