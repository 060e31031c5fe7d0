import type { ServerMiddleware } from 'nice-grpc-common';
import { errorDetailsServerMiddleware } from 'nice-grpc-error-details';

import type { Logger } from '../logger.js';
import { toServerError } from './toServerError.js';

/** The outermost middleware: whatever a call throws leaves as a status, with its details. */
export function reportErrors(logger: Logger): ServerMiddleware {
  return async function* (call, context) {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      const failed = toServerError(error, call.method.path, logger);
      // It writes the details. Around every call it would cost every message of a stream.
      return yield* errorDetailsServerMiddleware({ ...call, next: () => failing(failed) }, context);
    }
  };
}

// biome-ignore lint/correctness/useYield: a call that has no response
async function* failing(error: Error): AsyncGenerator<never, never> {
  throw error;
}
