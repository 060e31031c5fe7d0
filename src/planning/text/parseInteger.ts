import { InvalidText } from './invalidText.js';

/** Parses an integer. @throws InvalidText when it is none, or above 2^53-1. */
export function parseInteger(text: string): number {
  const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidText('It must be an integer.');
}
