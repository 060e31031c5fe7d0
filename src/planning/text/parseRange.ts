import { InvalidText } from './invalidText.js';

/** Values that a range may go through, in order. */
export interface RangeValues<T> {
  readonly values: readonly T[];
  /** Whether the first value follows the last one, as Monday follows Sunday. */
  readonly isCyclic: boolean;
}

/** Two values with `-` or `..` between them; a value may have a sign. */
const RANGE = /^\s*([+-]?[^-.\s]+)\s*(?:-|\.\.)\s*([+-]?[^-.\s]+)\s*$/;

/**
 * Parses an option that may be repeated and may hold several values and ranges, separated by commas: `0,30`, `8-18`, `mon..fri`. A range
 * includes both ends; a cyclic one may go on at the first value: `22-6`.
 */
export function listOfRanges<T>(
  parse: (text: string) => T,
  ...domains: readonly RangeValues<T>[]
): (text: string, previous?: readonly T[]) => readonly T[] {
  return (text, previous = []) => [
    ...previous,
    ...text.split(',').flatMap(part => rangeOf(part, parse, domains) ?? [parse(part)]),
  ];
}

/** The integers from one to another. */
export function integers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Null when a text is no range. */
function rangeOf<T>(part: string, parse: (text: string) => T, domains: readonly RangeValues<T>[]): T[] | null {
  const [, first, last] = RANGE.exec(part) ?? [];
  if (first === undefined || last === undefined) return null;
  const ends = [parse(first), parse(last)] as const;
  const domain = domains.find(({ values }) => ends.every(end => values.includes(end)));
  if (domain === undefined) {
    const allowed = domains.map(({ values }) => `${values[0]} to ${values.at(-1)}`).join(' or from ');
    throw new InvalidText(`The range ${part.trim()} must be from ${allowed}.`);
  }
  const [from, to] = ends.map(end => domain.values.indexOf(end)) as [number, number];
  if (from <= to) return domain.values.slice(from, to + 1);
  if (domain.isCyclic) return [...domain.values.slice(from), ...domain.values.slice(0, to + 1)];
  throw new InvalidText(`The range ${part.trim()} must end at or after its start.`);
}
