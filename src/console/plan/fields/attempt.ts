import { InvalidPlan } from '../../../planning/planError.js';
import type { FieldName, FieldProblems } from './planFields.js';

/** Reads something of a field; what is wrong with it is kept, and makes it undefined. */
export type Attempt = <T>(field: FieldName, read: () => T) => T | undefined;

/** Creates an {@link Attempt}, and the problems that it keeps. */
export function attempts(): { readonly attempt: Attempt; readonly problems: FieldProblems } {
  const problems: { [Field in FieldName]?: string[] } = {};
  const attempt: Attempt = (field, read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof InvalidPlan)) throw error;
      problems[field] = [...(problems[field] ?? []), error.message];
      return undefined;
    }
  };
  return { attempt, problems };
}
