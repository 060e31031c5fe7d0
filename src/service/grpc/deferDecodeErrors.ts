import { DispatchError } from '../../model/dispatchError.js';

/** Stands for a request that cannot be decoded. */
class DecodeFailure {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * A message type that accepts any bytes, and leaves errors of decoding to {@link throwDecodeError}. Otherwise grpc-js would answer
 * before any middleware runs, with INTERNAL, as if the service had failed.
 */
export function deferDecodeErrors<Type extends { decode(bytes: Uint8Array): unknown }>(type: Type): Type {
  return {
    ...type,
    decode(bytes: Uint8Array) {
      try {
        return type.decode(bytes);
      } catch (error) {
        return new DecodeFailure(error instanceof Error ? error.message : String(error));
      }
    },
  };
}

/**
 * Throws the error that {@link deferDecodeErrors} has deferred. (Not a middleware of its own: each one costs time for each
 * message of a stream.)
 *
 * @throws DispatchError INVALID_ARGUMENT
 */
export function throwDecodeError(request: unknown): void {
  if (!(request instanceof DecodeFailure)) return;
  throw new DispatchError('INVALID_ARGUMENT', `the request cannot be decoded: ${request.reason}`);
}
