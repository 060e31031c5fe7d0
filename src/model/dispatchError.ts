/**
 * The kind of an error.
 *
 * The first group are the gRPC status names. `UNDECODABLE`: a message that this version cannot represent.
 * `UNEVALUABLE`: a dispatch whose recurrence rule is invalid. `CONSUMER_FAILED`: a listener, or a command that was run for a
 * notification, failed. `STOPPED`: the dispatcher was stopped, or the client closed, before or during the operation.
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

/** An invalid field of a request (`google.rpc.BadRequest.FieldViolation`). */
export interface FieldViolation {
  /** Path of the field in the protocol's names, such as `dispatch_data.start_time`. */
  readonly field: string;
  /** What is wrong and what is allowed; a sentence that begins with the field. */
  readonly description: string;
}

/** Details of a {@link DispatchError} beyond its code and message. */
export interface DispatchErrorDetails {
  readonly microgridId?: number | undefined;
  readonly dispatchId?: number | undefined;
  /** Path of the invalid field, in the protocol's names, such as `data.start_time`. */
  readonly field?: string | undefined;
  /** All invalid fields of a request, if more is known than one field. */
  readonly violations?: readonly FieldViolation[] | undefined;
  readonly cause?: unknown;
}

/** A {@link DispatchError} as JSON; unknown details are left out. */
export interface DispatchErrorJson {
  readonly code: DispatchErrorCode;
  readonly message: string;
  readonly microgridId?: number;
  readonly dispatchId?: number;
  readonly field?: string;
  readonly violations?: readonly FieldViolation[];
  readonly retryable: boolean;
}

/** Codes of errors that may be temporary. */
const RETRYABLE: ReadonlySet<DispatchErrorCode> = new Set([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
]);

/** The error type of this package. Its message never contains a secret. */
export class DispatchError extends Error {
  override readonly name = 'DispatchError';
  readonly code: DispatchErrorCode;
  readonly microgridId: number | undefined;
  readonly dispatchId: number | undefined;
  readonly field: string | undefined;
  /** All invalid fields of a request; empty when the error is not about fields, or only {@link field} is known. */
  readonly violations: readonly FieldViolation[];

  constructor(code: DispatchErrorCode, message: string, details: DispatchErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.microgridId = details.microgridId;
    this.dispatchId = details.dispatchId;
    this.field = details.field;
    this.violations = details.violations ?? [];
  }

  /** An error as a `DispatchError`: itself when it is one, else one with the code `UNKNOWN`, its message and it as cause. */
  static from(error: unknown, details: DispatchErrorDetails = {}): DispatchError {
    if (error instanceof DispatchError) return error;
    return new DispatchError('UNKNOWN', messageOf(error), { ...details, cause: error });
  }

  /**
   * Whether the same call may succeed later, unchanged: `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `RESOURCE_EXHAUSTED` and `ABORTED`. It
   * does not tell whether the call that failed took effect: with the first two, a creation may have.
   */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }

  /** Code, message and details, for logs and programs; without the cause. */
  toJSON(): DispatchErrorJson {
    const { code, message, microgridId, dispatchId, field, violations, retryable } = this;
    return {
      code,
      message,
      ...(microgridId !== undefined && { microgridId }),
      ...(dispatchId !== undefined && { dispatchId }),
      ...(field !== undefined && { field }),
      ...(violations.length > 0 && { violations }),
      retryable,
    };
  }
}

/** The message of whatever was thrown; never throws itself. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'an error that cannot be shown';
  }
}
