import { DispatchError } from '../../model/dispatchError.js';

/** Takes the place of a request that cannot be read. */
class DecodeFailure {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * A message type that reads whatever comes: what is no such message is left to {@link throwDecodeError}. Otherwise grpc-js
 * answers before anything of the service is asked, and with INTERNAL, as if the service had failed.
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
 * Throws for what {@link deferDecodeErrors} could not read. (No middleware of its own: each takes its time for each message of a
 * stream.)
 *
 * @throws DispatchError INVALID_ARGUMENT
 */
export function throwDecodeError(request: unknown): void {
  if (!(request instanceof DecodeFailure)) return;
  throw new DispatchError('INVALID_ARGUMENT', `the request is not a message of this call: ${request.reason}`);
}
