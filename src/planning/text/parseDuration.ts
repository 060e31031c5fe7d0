import parseText from 'parse-duration';

import { InvalidText } from './invalidText.js';

const PART = String.raw`\d+(?:\.\d+)?\s*(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)`;
const WORDS = new RegExp(String.raw`^${PART}(?:(?:\s|,|\band\b)*${PART})*$`, 'i');
const NUMBER = String.raw`\d+(?:\.\d+)?`;
const ISO = new RegExp(`^P(?=.)(${NUMBER}W)?(${NUMBER}D)?(T(?=.)(${NUMBER}H)?(${NUMBER}M)?(${NUMBER}S)?)?$`, 'i');

/** The longest duration of the protocol. */
const LONGEST_MS = (2 ** 32 - 1) * 1000;

/**
 * Parses a duration in whole seconds that the protocol can represent: `90s`, `1h30m`, `2 days`, ISO 8601 `PT1H`, or a number of seconds. Returns
 * milliseconds.
 *
 * Months and years are refused, because their length varies.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  const durationMs = Math.round(spanMs(trimmed));
  if (durationMs > LONGEST_MS) throw new InvalidText('It must be at most 4294967295 seconds, which is 136 years.');
  if (Number.isSafeInteger(durationMs) && durationMs % 1000 === 0) return durationMs;
  throw new InvalidText(
    'Could not parse the duration: use 90s, 1h30m, 2 days, PT1H or a number of seconds; whole seconds, no months or years.',
  );
}

/** NaN when the text is invalid. parse-duration skips what it does not know, so the whole text is checked first. */
function spanMs(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // parse-duration knows ISO 8601 by its units only, so the letters between them must go.
  const words = ISO.test(text) ? text.replace(/[PT]/gi, ' ') : WORDS.test(text) ? text : '';
  return parseText(words) ?? Number.NaN;
}
