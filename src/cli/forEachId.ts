import { DispatchError } from '../model/dispatchError.js';
import { errorJson, errorLines } from './output/errorText.js';
import { note } from './output/print.js';
import { tellProgress } from './output/progress.js';

/** Results of the calls for several dispatches. */
export interface Outcome<Id> {
  readonly done: readonly Id[];
  readonly failed: readonly Id[];
}

/** Errors of one dispatch, not of the service: calls for the others may succeed. */
const OF_ONE_DISPATCH = new Set(['NOT_FOUND', 'INVALID_ARGUMENT', 'FAILED_PRECONDITION', 'UNDECODABLE']);

/**
 * Makes a call for each dispatch in turn. When one fails, its error is printed and the rest continues; when it is the only one, or when
 * the service fails, the error is thrown.
 *
 * @param verb Name of the call for the message, such as `delete`.
 * @param json Whether errors are printed as JSON.
 */
export async function forEachId<Id extends number | string>(
  ids: readonly Id[],
  verb: string,
  call: (id: Id) => Promise<void>,
  json = false,
): Promise<Outcome<Id>> {
  const [done, failed]: [Id[], Id[]] = [[], []];
  for (const id of ids) {
    try {
      await call(id);
      done.push(id);
      tellProgress(() => `${done.length + failed.length} of ${ids.length} done`);
    } catch (error) {
      if (ids.length === 1 || !(error instanceof DispatchError) || !OF_ONE_DISPATCH.has(error.code)) throw error;
      failed.push(id);
      if (json) note(JSON.stringify(errorJson(error)));
      else {
        const [message, ...more] = errorLines(error);
        note(`Failed to ${verb} ${id}: ${message}`);
        for (const line of more) note(line);
      }
    }
  }
  return { done, failed };
}
