import { DispatchError } from '../../src/model/dispatchError.js';

/** What a transport or a store threw, as a problem to tell. */
export function toProblem(error: unknown, microgridId: number): DispatchError {
  if (error instanceof DispatchError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DispatchError('UNKNOWN', message, { microgridId, cause: error });
}
