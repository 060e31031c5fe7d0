import { sentenceOf } from '../../kit/sentenceOf.js';
import { fieldOfPath } from '../fields/fieldOfPath.js';
import type { FieldName, FieldProblems } from '../fields/planFields.js';

/** How refusals of a rule in local time begin, the field that they are about, and how the form says it. */
const REFUSALS: readonly (readonly [RegExp, FieldName, string])[] = [
  [/needs an --until/, 'until', 'It must be at most five years after the start.'],
  [/^The end of --until/, 'until', 'It must not be before the start.'],
  [
    /^The start does not exist/,
    'start',
    'The clock goes forward over it, and the rule counts from it: give another start.',
  ],
  [/^--to needs/, 'end', 'A time of day needs a rule with one time of day: give a duration instead.'],
  [/^The rule reaches no time/, 'recurs', 'The rule reaches no time from its start to its end.'],
];

/** The problem of a rule in local time, by field. */
export function groupProblem(message: string): FieldProblems {
  const found = REFUSALS.find(([pattern]) => pattern.test(message));
  if (found !== undefined) return { [found[1]]: [found[2]] };
  // A part of the rule that UTC cannot express is named behind the colon.
  const [, part = message] = /^The rule cannot be used in local time: (.*)$/.exec(message) ?? [];
  const field = fieldOfPath(part);
  return { [field === 'form' ? 'recurs' : field]: [sentenceOf(message)] };
}
