import type { CallContext, ServerMiddlewareCall, Status } from 'nice-grpc-common';

import { callerOf } from '../access/callAccess.js';

/** A call that has ended. */
export interface EndedCall {
  /** The method without its service, such as `CreateMicrogridDispatch`. */
  readonly method: string;
  /** The microgrid and the dispatch that it was about; a text above 2^53-1. */
  readonly microgrid?: number | string;
  readonly dispatch?: number | string;
  /** The name of the key that it was made with. Never the key. */
  readonly key?: string;
  /** Address and port of the caller. */
  readonly peer: string;
  /** Whether it is a stream, which lasts as long as its caller wants. */
  readonly streaming: boolean;
  readonly status: Status;
  /** What the caller was told of a failure. */
  readonly reason?: string | undefined;
  readonly durationMs: number;
}

/** Is told of each call, once it has ended. */
export type CallObserver = (call: EndedCall) => void;

/** By what stays the same object for every middleware and handler of a call. */
const createdIds = new WeakMap<CallContext['metadata'], number>();

/** Makes known which dispatch a call has created. */
export function setCreated(context: CallContext, id: number): void {
  createdIds.set(context.metadata, id);
}

/** What can be told of a call. */
export function endedCall(
  call: ServerMiddlewareCall<unknown, unknown>,
  context: CallContext,
  end: Pick<EndedCall, 'status' | 'reason' | 'durationMs'>,
): EndedCall {
  const { path } = call.method;
  const caller = callerOf(context);
  const created = createdIds.get(context.metadata);
  return {
    method: path.slice(path.lastIndexOf('/') + 1),
    ...idsOf(call.request),
    ...(created !== undefined && { dispatch: created }),
    ...(caller && { key: caller.name }),
    peer: context.peer,
    streaming: call.responseStream,
    ...end,
  };
}

/** The ids that a request is about. */
function idsOf(request: unknown): Pick<EndedCall, 'microgrid' | 'dispatch'> {
  if (typeof request !== 'object' || request === null) return {};
  const { microgridId, dispatchId } = request as { microgridId?: bigint; dispatchId?: bigint };
  return {
    ...(microgridId !== undefined && { microgrid: exactId(microgridId) }),
    ...(dispatchId !== undefined && { dispatch: exactId(dispatchId) }),
  };
}

function exactId(id: bigint): number | string {
  return id <= Number.MAX_SAFE_INTEGER ? Number(id) : String(id);
}
