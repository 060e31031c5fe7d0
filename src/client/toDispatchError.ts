import { ClientError, Status } from 'nice-grpc-common';
import { DispatchError, type DispatchErrorCode, type DispatchErrorDetails } from '../model/dispatchError.js';

/**
 * The one place where what a call throws becomes a {@link DispatchError}. A status of the service keeps its name and
 * words; what an encoder refused is `INVALID_ARGUMENT`; anything else is `UNKNOWN`. Aborts and what is a `DispatchError`
 * already pass through.
 */
export function toDispatchError(error: unknown, ids: DispatchErrorDetails): unknown {
  if (error instanceof ClientError) {
    const code = Status[error.code] as DispatchErrorCode;
    // grpc-js leaves an empty note behind when a connection fails.
    const details = error.details.replace(/\.? Resolution note: $/, '');
    return new DispatchError(code, `${code}: ${details}`, { ...ids, cause: error });
  }
  if (error instanceof RangeError)
    return new DispatchError('INVALID_ARGUMENT', error.message, { ...ids, cause: error });
  if (error instanceof DispatchError || (error instanceof Error && error.name === 'AbortError')) return error;
  return new DispatchError('UNKNOWN', error instanceof Error ? error.message : String(error), { ...ids, cause: error });
}
