/**
 * What went wrong, in one word.
 *
 * The first group are the gRPC status names. `UNDECODABLE`: a message that this version cannot represent.
 * `UNEVALUABLE`: a dispatch whose recurrence rule is invalid. `CONSUMER_FAILED`: a listener or a program that was given
 * a notification threw. `STOPPED`: the dispatcher was stopped, or the client closed, before or meanwhile.
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

/** One field of a request that is wrong (`google.rpc.BadRequest.FieldViolation`). */
export interface FieldViolation {
  /** Path of the field in the protocol's names, such as `dispatch_data.start_time`. */
  readonly field: string;
  /** What is wrong with it, and what is allowed; a sentence that begins with the field. */
  readonly description: string;
}

/** What a {@link DispatchError} can say beyond its code and message. */
export interface DispatchErrorDetails {
  readonly microgridId?: number | undefined;
  readonly dispatchId?: number | undefined;
  /** Path of the field that is wrong, in the protocol's names, such as `data.start_time`. */
  readonly field?: string | undefined;
  /** All that is wrong with a request, where more is known than one field. */
  readonly violations?: readonly FieldViolation[] | undefined;
  readonly cause?: unknown;
}

/** A {@link DispatchError} as JSON; what is not known is left out. */
export interface DispatchErrorJson {
  readonly code: DispatchErrorCode;
  readonly message: string;
  readonly microgridId?: number;
  readonly dispatchId?: number;
  readonly field?: string;
  readonly violations?: readonly FieldViolation[];
  readonly retryable: boolean;
}

/** Reasons that may pass by themselves. */
const RETRYABLE: ReadonlySet<DispatchErrorCode> = new Set([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
]);

/** The one error family of this package. Its message never holds a secret. */
export class DispatchError extends Error {
  override readonly name = 'DispatchError';
  readonly code: DispatchErrorCode;
  readonly microgridId: number | undefined;
  readonly dispatchId: number | undefined;
  readonly field: string | undefined;
  /** All that is wrong with a request; empty when the error is about no field, or only {@link field} is known. */
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

  /** What there is to tell, for logs and programs; without the cause. */
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
