import parseText from 'parse-duration';

import { UsageError } from './usageError.js';

const PART = String.raw`\d+(?:\.\d+)?\s*(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)`;
const WORDS = new RegExp(String.raw`^${PART}(?:(?:\s|,|\band\b)*${PART})*$`, 'i');
const NUMBER = String.raw`\d+(?:\.\d+)?`;
const ISO = new RegExp(`^P(?=.)(${NUMBER}W)?(${NUMBER}D)?(T(?=.)(${NUMBER}H)?(${NUMBER}M)?(${NUMBER}S)?)?$`, 'i');

/**
 * A span in milliseconds, whole seconds: `90s`, `1h30m`, `2 days`, ISO 8601 `PT1H`, or a bare number of seconds.
 *
 * Months and years are refused: they have no fixed length.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  const durationMs = Math.round(spanMs(trimmed));
  if (Number.isSafeInteger(durationMs) && durationMs % 1000 === 0) return durationMs;
  throw new UsageError(
    'Could not parse the duration: say 90s, 1h30m, 2 days, PT1H or a number of seconds; whole seconds, no months.',
  );
}

/** NaN when it is none. parse-duration overlooks what it does not know, so the whole text is checked before. */
function spanMs(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // parse-duration knows ISO 8601 by its units only, so the letters between them must go.
  const words = ISO.test(text) ? text.replace(/[PT]/gi, ' ') : WORDS.test(text) ? text : '';
  return parseText(words) ?? Number.NaN;
}
