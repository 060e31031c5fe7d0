import { DispatchError, type DispatchErrorCode } from '../model/dispatchError.js';
import { OperationFailed } from './operationFailed.js';
import { errorJson, errorLines } from './output/errorText.js';
import { note } from './output/print.js';
import { tellProgress } from './output/progress.js';

/** What is said of the calls for several dispatches. */
export interface CallTexts {
  /** Name of the call, such as `delete`. */
  readonly verb: string;
  /** Name of several of them, such as `deletions`. */
  readonly noun: string;
  /** Whether errors are printed as JSON. */
  readonly json: boolean;
}

/** Errors of one dispatch, not of the service: calls for the others may succeed. */
const OF_ONE_DISPATCH = new Set(['NOT_FOUND', 'INVALID_ARGUMENT', 'FAILED_PRECONDITION', 'UNDECODABLE']);

/**
 * Makes a call for each dispatch in turn. When one fails, its error is printed and the rest continues.
 *
 * @throws the error of a call at once when it is the only one, or when the service fails.
 * @throws OperationFailed after the last call when some failed, with the code of the first that did.
 */
export async function forEachId<Id extends number | string>(
  ids: readonly Id[],
  { verb, noun, json }: CallTexts,
  call: (id: Id) => Promise<void>,
): Promise<void> {
  const failures: DispatchErrorCode[] = [];
  for (const [index, id] of ids.entries()) {
    try {
      await call(id);
      tellProgress(() => `${index + 1} of ${ids.length} done`);
    } catch (error) {
      if (ids.length === 1 || !(error instanceof DispatchError) || !OF_ONE_DISPATCH.has(error.code)) throw error;
      failures.push(error.code);
      if (json) note(JSON.stringify(errorJson(error)));
      else {
        const [message, ...more] = errorLines(error);
        note(`Failed to ${verb} ${id}: ${message}`);
        for (const line of more) note(line);
      }
    }
  }
  const [code] = failures;
  if (code === undefined) return;
  throw new OperationFailed(code, `${failures.length === ids.length ? 'All' : 'Some'} ${noun} failed.`);
}
