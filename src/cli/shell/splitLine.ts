import { UsageError } from '../input/usageError.js';

/** The words of a line, and what of the last one a completion replaces. */
export interface SplitLine {
  readonly words: readonly string[];
  /** Whether the line ends within the last word, so that what is typed next belongs to it. */
  readonly isInWord: boolean;
  /** Where the last word begins in the line; its end where no word has begun. */
  readonly lastStart: number;
  /** The quote that is still open; undefined: none. */
  readonly openQuote: "'" | '"' | undefined;
}

/**
 * Splits a line into words as a POSIX shell does, but without variables and other expansions: white space separates, single quotes keep
 * everything, in double quotes a backslash keeps the next `"` or `\`, elsewhere any character.
 *
 * @throws UsageError when a quote is not closed.
 */
export function splitLine(line: string): readonly string[] {
  const { words, openQuote } = splitPart(line);
  if (openQuote === undefined) return words;
  throw new UsageError(`A quote is not closed: ${openQuote}`);
}

/** Splits the beginning of a line; see {@link splitLine}. */
export function splitPart(line: string): SplitLine {
  const words: string[] = [];
  let word: string | null = null;
  let openQuote: SplitLine['openQuote'];
  let lastStart = line.length;
  for (let i = 0; i < line.length; i++) {
    const char = line[i] as string;
    if (openQuote === undefined && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    if (word === null) lastStart = i;
    word ??= '';
    const next = line[i + 1];
    const escapes = openQuote === undefined || (openQuote === '"' && (next === '"' || next === '\\'));
    if (char === openQuote) openQuote = undefined;
    else if (openQuote === undefined && (char === "'" || char === '"')) openQuote = char;
    else if (char === '\\' && escapes && next !== undefined) {
      word += next;
      i += 1;
    } else word += char;
  }
  const isInWord = word !== null;
  if (word !== null) words.push(word);
  return { words, isInWord, lastStart: isInWord ? lastStart : line.length, openQuote };
}

/** Quotes a word where that is needed, so that {@link splitLine} and shells read it as it is. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
