import type { DispatchError } from '../../../model/dispatchError.js';
import { fieldOfPath } from './fieldOfPath.js';
import type { FieldName, FieldProblems } from './planFields.js';

/** Sorts problems by the fields that their paths mean. */
export function fieldProblems(found: readonly (readonly [path: string, problem: string])[]): FieldProblems {
  const problems: { [Field in FieldName | 'form']?: string[] } = {};
  for (const [path, problem] of found) {
    const field = fieldOfPath(path);
    const known = problems[field] ?? [];
    problems[field] = known.includes(problem) ? known : [...known, problem];
  }
  return problems;
}

/** The violations of a service's error by the fields that they are about; its message beside none where it has no violations. */
export function violationProblems({ message, field, violations }: DispatchError): FieldProblems {
  if (violations.length === 0) return fieldProblems([[field ?? '', message]]);
  return fieldProblems(violations.map(({ field: path, description }) => [path, violationText(description, path)]));
}

/** Puts the problems of several checks together; each is told once. */
export function joinProblems(...all: readonly FieldProblems[]): FieldProblems {
  const joined: { [Field in FieldName | 'form']?: string[] } = {};
  for (const problems of all) {
    for (const [field, texts] of Object.entries(problems) as [FieldName | 'form', readonly string[]][]) {
      joined[field] = [...new Set([...(joined[field] ?? []), ...texts])];
    }
  }
  return joined;
}

/** A description without its path, which the place of the field tells; but with the part of the field that it is about. */
function violationText(description: string, path: string): string {
  const problem = description.startsWith(`${path}: `) ? description.slice(path.length + 2) : null;
  if (problem === null) return `${description}.`;
  const payloadPart = /(?:^|\.)(payload[.[].*)$/.exec(path)?.[1];
  if (payloadPart !== undefined) return `${payloadPart} ${problem}.`;
  const index = /\[(\d+)\](?:\.\w+)?$/.exec(path)?.[1];
  return index === undefined ? `It ${problem}.` : `Entry ${Number(index) + 1} ${problem}.`;
}
