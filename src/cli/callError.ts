import { DispatchError, type DispatchErrorCode } from '../model/dispatchError.js';

/** Codes of a service that could not be reached, or did not answer in time. */
const UNREACHABLE: ReadonlySet<DispatchErrorCode> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED']);
/** Codes of a call that the service refused: it or its caller must change before it is made again. */
const REFUSED: ReadonlySet<DispatchErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'FAILED_PRECONDITION',
  'ALREADY_EXISTS',
  'OUT_OF_RANGE',
  'RESOURCE_EXHAUSTED',
  'UNIMPLEMENTED',
]);

/** A call of a service that failed. */
export class CallError extends DispatchError {
  /** Exit code of the command: 3 refused, 4 cannot be reached, 1 anything else, such as NOT_FOUND. */
  readonly exitCode: number;

  /** @param url Address of the service, which is told when it cannot be reached. */
  constructor(cause: DispatchError, url: string) {
    const { code, microgridId, dispatchId, field, violations } = cause;
    const message = UNREACHABLE.has(code) ? `${cause.message} (service: ${url})` : cause.message;
    super(code, message, { microgridId, dispatchId, field, violations, cause });
    this.exitCode = REFUSED.has(code) ? 3 : UNREACHABLE.has(code) ? 4 : 1;
  }
}
