import { type CallContext, ServerError, type ServerMiddleware, Status } from 'nice-grpc-common';

/** What is told of a call beside what every call has. */
export interface CallFields {
  /** The name of the key that it was made with. Never the key. */
  readonly key?: string;
  /** The id of the dispatch that it created. */
  readonly dispatch?: number;
}

/** A call that has ended. */
export interface EndedCall extends CallFields {
  /** The method without its service, such as `CreateMicrogridDispatch`. */
  readonly method: string;
  readonly status: Status;
  /** What the caller was told of a failure. */
  readonly reason?: string;
  /** The microgrid and the dispatch that were asked for. */
  readonly microgrid?: number;
  readonly dispatch?: number;
  /** Address and port of the caller. */
  readonly peer: string;
  readonly durationMs: number;
  /** Whether it is a stream, which lasts as long as its caller wants. */
  readonly streaming: boolean;
}

const fieldsByCall = new WeakMap<CallContext, CallFields>();

/** Has something told of a call when it has ended. */
export function tellOfCall(context: CallContext, fields: CallFields): void {
  fieldsByCall.set(context, { ...fieldsByCall.get(context), ...fields });
}

/**
 * The outermost middleware: tells of every call that reached the service, once it has ended. It must be around
 * `reportErrors`, which turns errors into statuses.
 */
export function observeCalls(observers: readonly ((call: EndedCall) => void)[]): ServerMiddleware {
  return async function* (call, context) {
    const startMs = performance.now();
    // What neither returns nor throws was cancelled, and so was what has an answer that nobody waits for.
    let status: Status = Status.CANCELLED;
    let reason: string | undefined;
    try {
      const response = yield* call.next(call.request, context);
      if (!context.signal.aborted) status = Status.OK;
      return response;
    } catch (error) {
      if (error instanceof ServerError) {
        status = error.code;
        reason = error.details;
      }
      throw error;
    } finally {
      const ended: EndedCall = {
        method: call.method.path.slice(call.method.path.lastIndexOf('/') + 1),
        status,
        ...idsOf(call.requestStream ? undefined : call.request),
        ...fieldsByCall.get(context),
        peer: context.peer,
        durationMs: performance.now() - startMs,
        streaming: call.responseStream,
        ...(reason !== undefined && { reason }),
      };
      for (const observe of observers) observe(ended);
    }
  };
}

/** The ids that a request is about. Those that a number cannot hold, which are refused, are rounded. */
function idsOf(request: unknown): Pick<EndedCall, 'microgrid' | 'dispatch'> {
  if (typeof request !== 'object' || request === null) return {};
  const { microgridId, dispatchId } = request as { microgridId?: bigint; dispatchId?: bigint };
  return {
    ...(microgridId !== undefined && { microgrid: Number(microgridId) }),
    ...(dispatchId !== undefined && { dispatch: Number(dispatchId) }),
  };
}
