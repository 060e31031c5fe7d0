import { DispatchError } from '../model/dispatchError.js';
import { errorLines } from './output/errorText.js';
import { note } from './output/print.js';

/** What became of the calls for several dispatches. */
export interface Outcome {
  readonly done: readonly number[];
  readonly failed: readonly number[];
}

/** What concerns one dispatch, not the service: the others may succeed. */
const OF_ONE_DISPATCH = new Set(['NOT_FOUND', 'INVALID_ARGUMENT', 'FAILED_PRECONDITION', 'UNDECODABLE']);

/**
 * Calls for one dispatch after the other; a failure of one is noted and the rest goes on. That of the only one, and a
 * failure of the service, is thrown.
 *
 * @param verb what it tries, such as `delete`
 */
export async function forEachId(
  ids: readonly number[],
  verb: string,
  call: (id: number) => Promise<void>,
): Promise<Outcome> {
  const [done, failed]: [number[], number[]] = [[], []];
  for (const id of ids) {
    try {
      await call(id);
      done.push(id);
    } catch (error) {
      if (ids.length === 1 || !(error instanceof DispatchError) || !OF_ONE_DISPATCH.has(error.code)) throw error;
      failed.push(id);
      const [message, ...more] = errorLines(error, false);
      note(`Failed to ${verb} ${id}: ${message}`);
      for (const line of more) note(line);
    }
  }
  return { done, failed };
}
