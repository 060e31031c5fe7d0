import { DispatchError, type DispatchErrorCode, type DispatchErrorDetails, messageOf } from '../model/dispatchError.js';
import { decodeViolations } from '../wire/badRequest.js';
import { ClientError, Status } from './grpcCommon.js';

/**
 * Converts whatever a call throws to a {@link DispatchError}, in this one place. A status of the service keeps its name and
 * message; what an encoder refused is `INVALID_ARGUMENT`; anything else is `UNKNOWN`. A `DispatchError` passes through
 * unchanged.
 *
 * @param statusDetails - the trailer with the details of a status, if one came.
 */
export function toDispatchError(error: unknown, ids: DispatchErrorDetails, statusDetails?: Uint8Array): DispatchError {
  if (error instanceof DispatchError) return error;
  if (error instanceof ClientError) {
    const code = (Status[error.code] ?? 'UNKNOWN') as DispatchErrorCode;
    const violations = decodeViolations(statusDetails);
    return new DispatchError(code, `${code}: ${error.details}`, {
      ...ids,
      field: violations[0]?.field,
      violations,
      cause: error,
    });
  }
  if (error instanceof RangeError)
    return new DispatchError('INVALID_ARGUMENT', error.message, { ...ids, cause: error });
  return new DispatchError('UNKNOWN', messageOf(error), { ...ids, cause: error });
}
