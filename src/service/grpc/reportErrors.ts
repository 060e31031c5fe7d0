import {
  type CallContext,
  ServerError,
  type ServerMiddleware,
  type ServerMiddlewareCall,
  Status,
} from 'nice-grpc-common';
import { errorDetailsServerMiddleware } from 'nice-grpc-error-details';

import type { Logger } from '../../logger.js';
import type { TraceCall, TracedCall } from '../../telemetry/serverTrace.js';
import { admittedCall } from '../access/callAccess.js';
import { type CallObserver, endedCall } from '../operation/endedCall.js';
import { decodeRequest } from './arrivedRequest.js';
import { toServerError } from './toServerError.js';

/**
 * The outermost middleware: decodes the request, converts whatever a call throws to a status with details, and reports each ended call. It
 * does all of this, because each middleware costs time for each message of a stream.
 *
 * @param observers - are told of each call once it has ended.
 * @param trace - begins to trace a call.
 */
export function reportErrors(
  logger: Logger,
  observers: readonly CallObserver[] = [],
  trace: TraceCall = () => undefined,
): ServerMiddleware {
  return async function* (arrived, context) {
    const startMs = performance.now();
    const admitted = admittedCall(context);
    const served = admitted.serve();
    let call = arrived;
    const traced = trace(call.method.path, context);
    // A call that neither returns nor throws was cancelled, and so was one whose response nobody waits for.
    let status: Status = Status.CANCELLED;
    let reason: string | undefined;
    try {
      call = { ...arrived, request: decodeRequest(arrived.request, admitted.charge) } as typeof arrived;
      const response = yield* traced === undefined
        ? call.next(call.request, context)
        : tracedAnswer(call, context, traced);
      if (!context.signal.aborted) status = Status.OK;
      return response;
    } catch (error) {
      const failed = toServerError(error, call.method.path, logger);
      if (failed instanceof ServerError) {
        status = failed.code;
        reason = failed.details;
      }
      // It writes the details. As a middleware it would cost time for every message of a stream.
      return yield* errorDetailsServerMiddleware({ ...call, next: () => failing(failed) }, context);
    } finally {
      const ended = endedCall(call, context, { status, reason, durationMs: performance.now() - startMs });
      served();
      for (const observe of observers) observe(ended);
      traced?.end(ended);
    }
  };
}

/** A stream is traced until its headers are sent; each step within the trace would cost time for every message. */
function tracedAnswer<Request, Response>(
  call: ServerMiddlewareCall<Request, Response>,
  context: CallContext,
  traced: TracedCall,
): ReturnType<ServerMiddlewareCall<Request, Response>['next']> {
  if (!call.responseStream) return traced.within(call.next(call.request, context));
  const sendHeader = () => {
    context.sendHeader();
    traced.end({ status: Status.OK });
  };
  return call.next(call.request, { ...context, sendHeader });
}

// biome-ignore lint/correctness/useYield: a call that has no response
async function* failing(error: Error): AsyncGenerator<never, never> {
  throw error;
}
