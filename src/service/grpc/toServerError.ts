import { ServerError, Status } from 'nice-grpc-common';
import { BadRequest, RichServerError } from 'nice-grpc-error-details';
import type { Logger } from '../../logger.js';
import { DispatchError, type DispatchErrorCode, type FieldViolation } from '../../model/dispatchError.js';

/** Codes whose message callers may see. UNDECODABLE and UNEVALUABLE are about the request. */
const STATUS: { readonly [Code in DispatchErrorCode]?: Status } = {
  INVALID_ARGUMENT: Status.INVALID_ARGUMENT,
  UNDECODABLE: Status.INVALID_ARGUMENT,
  UNEVALUABLE: Status.INVALID_ARGUMENT,
  NOT_FOUND: Status.NOT_FOUND,
  ALREADY_EXISTS: Status.ALREADY_EXISTS,
  FAILED_PRECONDITION: Status.FAILED_PRECONDITION,
  PERMISSION_DENIED: Status.PERMISSION_DENIED,
  UNAUTHENTICATED: Status.UNAUTHENTICATED,
  RESOURCE_EXHAUSTED: Status.RESOURCE_EXHAUSTED,
  UNAVAILABLE: Status.UNAVAILABLE,
};

/**
 * Converts an error to a gRPC status, in this one place. Unknown errors are masked as INTERNAL, and logged; aborts, which are not
 * failures, pass through. Invalid fields are also reported as `google.rpc.BadRequest`, by the middleware of
 * nice-grpc-error-details.
 *
 * @param path - the method, for the log.
 */
export function toServerError(error: unknown, path: string, logger: Logger): Error {
  if (error instanceof ServerError) return error;
  if (error instanceof Error && error.name === 'AbortError') return error;
  const status = error instanceof DispatchError ? STATUS[error.code] : undefined;
  if (error instanceof DispatchError && status !== undefined) {
    // Callers are told that the database failed; the log says why.
    if (status === Status.UNAVAILABLE && error.cause !== undefined)
      logger.warn({ err: error.cause, path }, error.message);
    const fieldViolations = status === Status.INVALID_ARGUMENT ? violationsOf(error) : [];
    if (fieldViolations.length === 0) return new ServerError(status, error.message);
    return new RichServerError(status, error.message, [BadRequest.fromPartial({ fieldViolations })]);
  }
  logger.error({ err: error, path }, 'a call failed with an internal error');
  return new ServerError(Status.INTERNAL, 'internal error of the service; see its log');
}

function violationsOf({ field, message, violations }: DispatchError): FieldViolation[] {
  return violations.length === 0 && field !== undefined ? [{ field, description: message }] : [...violations];
}
