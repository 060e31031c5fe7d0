import { DispatchError } from '../../model/dispatchError.js';

/**
 * The error for an option of the service that is wrong: INVALID_ARGUMENT.
 *
 * @param problem - what is wrong, as the end of a sentence that begins with the option.
 */
export function invalidOption(field: string, problem: string, cause?: unknown): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `${field}: ${problem}`, { field, cause });
}
