import { DispatchError } from '../model/dispatchError.js';

/**
 * The error for a database that fails, for whatever reason: the disk, the network, another program. Callers may retry; the reason is
 * the `cause`, for operators.
 */
export function databaseFailure(cause: unknown): DispatchError {
  return new DispatchError('UNAVAILABLE', 'the database failed', { cause });
}
