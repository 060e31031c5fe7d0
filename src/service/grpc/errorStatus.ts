import { Metadata } from '@grpc/grpc-js';
import { Status } from 'nice-grpc-common';

import type { Logger } from '../../logger.js';
import { DispatchError, type DispatchErrorCode, type FieldViolation } from '../../model/dispatchError.js';
import { encodeStatusDetails, STATUS_DETAILS } from '../../wire/badRequest.js';

/** How a call ends that fails. */
export interface ErrorStatus {
  readonly code: Status;
  readonly details: string;
  /** The trailers. */
  readonly metadata?: Metadata;
  /** Invalid fields of the request, which the trailers also tell. */
  readonly violations?: readonly FieldViolation[];
  /** Whether another service that was to answer is not reached, as a proxy says it. */
  readonly isUnreached?: boolean;
}

/** An error with the status of another service, which callers get as it is. */
export class StatusError extends Error {
  readonly status: ErrorStatus;

  constructor(status: ErrorStatus, options?: ErrorOptions) {
    super(status.details, options);
    this.status = status;
  }
}

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
 * Converts an error to a gRPC status, in this one place. Unknown errors are masked as INTERNAL, and logged; aborts are CANCELLED. Invalid
 * fields are also told as `google.rpc.BadRequest`.
 *
 * @param path - the method, for the log.
 */
export function errorStatus(error: unknown, path: string, logger: Logger): ErrorStatus {
  if (error instanceof Error && error.name === 'AbortError') {
    return { code: Status.CANCELLED, details: 'The operation was cancelled' };
  }
  if (error instanceof StatusError) return error.status;
  const code = error instanceof DispatchError ? STATUS[error.code] : undefined;
  if (error instanceof DispatchError && code !== undefined) {
    const { message: details, cause } = error;
    // Callers are told that the database failed; the log says why.
    if (code === Status.UNAVAILABLE && cause !== undefined) logger.warn({ err: cause, path }, details);
    const fieldViolations = code === Status.INVALID_ARGUMENT ? violationsOf(error) : [];
    if (fieldViolations.length === 0) return { code, details };
    const metadata = new Metadata();
    metadata.set(STATUS_DETAILS, Buffer.from(encodeStatusDetails(code, details, fieldViolations)));
    return { code, details, metadata, violations: fieldViolations };
  }
  logger.error({ err: error, path }, 'a call failed with an internal error');
  return { code: Status.INTERNAL, details: 'internal error of the service; see its log' };
}

function violationsOf({ field, message, violations }: DispatchError): FieldViolation[] {
  return violations.length === 0 && field !== undefined ? [{ field, description: message }] : [...violations];
}
