import { DispatchError } from '../model/dispatchError.js';
import { UsageError } from './input/usageError.js';

/** The failure of the file that `--store` names: a wrong command line when there is none. */
export function storeFailure(error: unknown): unknown {
  if (!(error instanceof DispatchError) || error.code !== 'NOT_FOUND') return error;
  return new UsageError(`--store: ${error.message}`);
}
