import { DispatchError } from '../model/dispatchError.js';

/**
 * What callers hear when a database fails, for whatever reason: the disk, the network, another program. They may try
 * again; the reason is the `cause`, for those who run it.
 */
export function databaseFailure(cause: unknown): DispatchError {
  return new DispatchError('UNAVAILABLE', 'the database failed', { cause });
}
