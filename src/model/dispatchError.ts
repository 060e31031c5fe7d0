/**
 * What went wrong, in one word.
 *
 * The first group are the gRPC status names. `UNDECODABLE`: a message that this version cannot represent.
 * `UNEVALUABLE`: a dispatch whose recurrence rule is invalid. `CONSUMER_FAILED`: a listener or a program that was given
 * a notification threw. `STOPPED`: the dispatcher was stopped meanwhile.
 */
export type DispatchErrorCode =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED'
  | 'UNDECODABLE'
  | 'UNEVALUABLE'
  | 'CONSUMER_FAILED'
  | 'STOPPED';

/** What a {@link DispatchError} can say beyond its code and message. */
export interface DispatchErrorDetails {
  readonly microgridId?: number | undefined;
  readonly dispatchId?: number | undefined;
  /** Path of the field that is wrong, in the protocol's names, such as `data.start_time`. */
  readonly field?: string | undefined;
  readonly cause?: unknown;
}

/** The one error family of this package. Its message never holds a secret. */
export class DispatchError extends Error {
  override readonly name = 'DispatchError';
  readonly code: DispatchErrorCode;
  readonly microgridId: number | undefined;
  readonly dispatchId: number | undefined;
  readonly field: string | undefined;

  constructor(code: DispatchErrorCode, message: string, details: DispatchErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.microgridId = details.microgridId;
    this.dispatchId = details.dispatchId;
    this.field = details.field;
  }
}
