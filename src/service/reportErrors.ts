import type { ServerMiddleware } from 'nice-grpc-common';

import type { Logger } from '../logger.js';
import { toServerError } from './toServerError.js';

/** The outermost middleware: whatever a call throws leaves as a status. */
export function reportErrors(logger: Logger): ServerMiddleware {
  return async function* (call, context) {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      throw toServerError(error, call.method.path, logger);
    }
  };
}
