import { DispatchError } from '../model/dispatchError.js';
import { ClientError, Status } from './grpcCommon.js';

/** What grpc-js says of a message above a limit, compressed or not. */
const TOO_LARGE = /larger than (max|\d)/i;

/** Whether a call failed because its response is larger than a message may be. It stays so, however often it is repeated. */
export function isTooLarge(error: unknown): boolean {
  const cause = error instanceof DispatchError ? error.cause : error;
  return cause instanceof ClientError && cause.code === Status.RESOURCE_EXHAUSTED && TOO_LARGE.test(cause.details);
}
