import { InvalidText } from './invalidText.js';

/** Parses an integer. @throws InvalidText when it is none, or above 2^53-1. */
export const parseInteger = integerParser('an integer');

/** A parser of integers, of whatever size. @param what What they must be, for the message, such as `hours from 0 to 23`. */
export function integerParser(what: string): (text: string) => number {
  return text => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    throw new InvalidText(`It must be ${what}.`);
  };
}
