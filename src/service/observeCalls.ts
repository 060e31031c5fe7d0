import { type CallContext, ServerError, type ServerMiddleware, Status } from 'nice-grpc-common';

import { callerOf } from './access/callAccess.js';

/** A call that has ended. */
export interface EndedCall {
  /** The method without its service, such as `CreateMicrogridDispatch`. */
  readonly method: string;
  readonly status: Status;
  /** The name of the key that it was made with. Never the key. */
  readonly key?: string;
  /** What the caller was told of a failure. */
  readonly reason?: string;
  /** The microgrid and the dispatch that it was about. */
  readonly microgrid?: number;
  readonly dispatch?: number;
  /** Address and port of the caller. */
  readonly peer: string;
  readonly durationMs: number;
  /** Whether it is a stream, which lasts as long as its caller wants. */
  readonly streaming: boolean;
}

/** By what stays the same object for every middleware and handler of a call. */
const createdIds = new WeakMap<CallContext['metadata'], number>();

/** Makes known which dispatch a call has created. */
export function setCreated(context: CallContext, id: number): void {
  createdIds.set(context.metadata, id);
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
        ...calledBy(context),
        peer: context.peer,
        durationMs: performance.now() - startMs,
        streaming: call.responseStream,
        ...(reason !== undefined && { reason }),
      };
      for (const observe of observers) observe(ended);
    }
  };
}

function calledBy(context: CallContext): Pick<EndedCall, 'key' | 'dispatch'> {
  const caller = callerOf(context);
  const dispatch = createdIds.get(context.metadata);
  return { ...(caller && { key: caller.name }), ...(dispatch !== undefined && { dispatch }) };
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
