import { isGroupId } from '../../planning/groups/group.js';
import { integerParser } from '../../planning/text/parseInteger.js';
import { UsageError } from './usageError.js';

/** Maximum number of ids in one command; a slip such as 1-1000000000 is refused. */
const MAX_IDS = 10_000;

/** Parses the id of a microgrid or a dispatch. */
export function parseId(text: string): number {
  const id = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  if (isGroupId(text.trim()))
    throw new UsageError(`It must be an id: an integer. ${text.trim()} is the id of a group.`);
  throw new UsageError('It must be an id: an integer from 0 to 2^53-1.');
}

/** Parses ids, in one of several arguments: `7`, `1,2,3`, `1-3` or `1..3`. */
export function parseIds(text: string, previous: readonly number[] = []): readonly number[] {
  const ids = [...previous];
  for (const part of text.split(',')) {
    const [, first = part, last = first] = /^\s*(\d+)(?:(?:-|\.\.)(\d+))?\s*$/.exec(part) ?? [];
    const [from, to] = [parseId(first), parseId(last)];
    if (to < from) throw new UsageError(`The range ${part.trim()} must end at or after its start.`);
    if (ids.length + to - from >= MAX_IDS) throw new UsageError(`At most ${MAX_IDS} ids are allowed.`);
    for (let id = from; id <= to; id++) ids.push(id);
  }
  return [...new Set(ids)];
}

/** Parses a number of things: an integer of at least 1. */
export function parseCount(text: string): number {
  const what = 'an integer of at least 1';
  const count = integerParser(what)(text);
  if (count >= 1) return count;
  throw new UsageError(`It must be ${what}.`);
}

/** A parser that tells values that it takes, for completion. */
export interface ChoiceParser<T> {
  (text: string): T;
  readonly values: readonly string[];
}

/** Parses true or false, yes or no, on or off, 1 or 0. */
export const parseBoolean: ChoiceParser<boolean> = Object.assign(
  (text: string): boolean => {
    const word = text.trim().toLowerCase();
    if (['true', 'yes', 'on', '1'].includes(word)) return true;
    if (['false', 'no', 'off', '0'].includes(word)) return false;
    throw new UsageError('It must be true or false.');
  },
  { values: ['true', 'false'] },
);

/** Parses one of several names, in any case, with - or _. */
export function parseName<Name extends string>(names: readonly Name[]): ChoiceParser<Name> {
  const key = (text: string) => text.trim().toUpperCase().replaceAll('-', '_');
  const parse = (text: string) => {
    const found = names.find(name => key(name) === key(text));
    if (found !== undefined) return found;
    throw new UsageError(`It must be one of ${names.join(', ')}.`);
  };
  return Object.assign(parse, { values: names.map(name => name.toLowerCase()) });
}

/** Refuses an empty value, such as a key from the environment. The message does not reveal the value. */
export function parseNonEmpty(text: string): string {
  if (text !== '') return text;
  throw new UsageError('It must not be empty.');
}

/** Parses an option that may be repeated and may hold several values, separated by commas. */
export function listOf<T>(parse: ((text: string) => T) | ChoiceParser<T>) {
  return withValuesOf(parse, (text: string, previous: readonly T[] = []): readonly T[] => [
    ...previous,
    ...text.split(',').map(part => parse(part)),
  ]);
}

/** Parses an option that may be repeated. */
export function repeated<T>(parse: ((text: string) => T) | ChoiceParser<T>) {
  return withValuesOf(parse, (text: string, previous: readonly T[] = []): readonly T[] => [...previous, parse(text)]);
}

/** A parser that tells the values of another one, where that tells some. */
export function withValuesOf<Parser extends object>(parse: object, parser: Parser): Parser {
  return 'values' in parse ? Object.assign(parser, { values: parse.values }) : parser;
}
