import { DispatchError, messageOf } from '../model/dispatchError.js';
import { isDamage, sqliteCode } from '../sqlite/sqliteConnection.js';

/** Converts an error of the file for the operator of the dispatcher. */
export function storeError(error: unknown, path: string): DispatchError {
  const cause = error instanceof DispatchError && error.cause !== undefined ? error.cause : error;
  const code = sqliteCode(cause);
  if (error instanceof DispatchError && code === '') return error;
  const message = `${path}: ${messageOf(cause)}`;
  if (code.startsWith('SQLITE_FULL')) return new DispatchError('RESOURCE_EXHAUSTED', message, { cause });
  if (isDamage(code)) return new DispatchError('DATA_LOSS', message, { cause });
  // Only a file that another process has is UNAVAILABLE.
  return new DispatchError(error instanceof DispatchError ? 'INTERNAL' : 'UNKNOWN', message, { cause });
}
