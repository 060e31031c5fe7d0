import { UsageError } from './usageError.js';

/** At most so many ids in one command: a slip such as 1-1000000000 is refused. */
const MAX_IDS = 10_000;

/** An id of a microgrid or a dispatch. */
export function parseId(text: string): number {
  const id = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new UsageError('It is no id: a whole number from 0 to 2^53-1.');
}

/** Ids as one argument of several: `7`, `1,2,3`, `1-3` or `1..3`. */
export function parseIds(text: string, previous: readonly number[] = []): readonly number[] {
  const ids = [...previous];
  for (const part of text.split(',')) {
    const [, first = '', last = first] = /^\s*(\d+)(?:(?:-|\.\.)(\d+))?\s*$/.exec(part) ?? [];
    const [from, to] = [parseId(first), parseId(last)];
    if (to < from) throw new UsageError(`The range ${part.trim()} runs backwards.`);
    if (ids.length + to - from >= MAX_IDS) throw new UsageError(`More than ${MAX_IDS} ids at once.`);
    for (let id = from; id <= to; id++) ids.push(id);
  }
  return [...new Set(ids)];
}

/** An integer. */
export function parseInteger(text: string): number {
  const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError('It is no whole number.');
}

/** Yes or no. */
export function parseBoolean(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(word)) return true;
  if (['false', 'no', 'off', '0'].includes(word)) return false;
  throw new UsageError('Say true or false.');
}

/** One of some names, in any case, with - or _. */
export function parseName<Name extends string>(names: readonly Name[]): (text: string) => Name {
  const key = (text: string) => text.trim().toUpperCase().replaceAll('-', '_');
  return text => {
    const found = names.find(name => key(name) === key(text));
    if (found !== undefined) return found;
    throw new UsageError(`It is none of ${names.join(', ')}.`);
  };
}

/** Something that is not empty, such as a key from the environment. The message does not tell the value. */
export function parseNonEmpty(text: string): string {
  if (text !== '') return text;
  throw new UsageError('It is empty.');
}

/** An option that may be repeated; each may hold several values with commas between them. */
export function listOf<T>(parse: (text: string) => T): (text: string, previous?: readonly T[]) => readonly T[] {
  return (text, previous = []) => [...previous, ...text.split(',').map(parse)];
}

/** An option that may be repeated. */
export function repeated<T>(parse: (text: string) => T): (text: string, previous?: readonly T[]) => readonly T[] {
  return (text, previous = []) => [...previous, parse(text)];
}
