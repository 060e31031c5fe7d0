import type { CallContext, ServerMiddlewareCall, Status } from 'nice-grpc-common';

import { admittedCall } from '../access/callAccess.js';
import { ANYBODY } from '../access/keyRing.js';
import { methodOf } from '../access/methodAccess.js';

/** A call that has ended. */
export interface EndedCall {
  /** The method without its service, such as `CreateMicrogridDispatch`. */
  readonly method: string;
  /** Its microgrid and its dispatch; a string above 2^53-1. */
  readonly microgrid?: number | string;
  readonly dispatch?: number | string;
  /** The name of its API key. Never the key itself. */
  readonly key?: string;
  /** Address and port of the caller. */
  readonly peer: string;
  /** Whether it is a stream, whose duration depends on its caller. */
  readonly streaming: boolean;
  readonly status: Status;
  /** The message of an error, as the caller got it. */
  readonly reason?: string | undefined;
  readonly durationMs: number;
  /** Set when it was refused, or ended, before it was served: by its headers, or because its request did not arrive as a whole. */
  readonly unserved?: true;
}

/** Is called for each call once it has ended. */
export type CallObserver = (call: EndedCall) => void;

/** By metadata, which is the same object in every middleware and handler of a call. */
const createdIds = new WeakMap<CallContext['metadata'], number>();

/** Stores the id of the dispatch that a call has created. */
export function setCreated(context: CallContext, id: number): void {
  createdIds.set(context.metadata, id);
}

/** Describes a call that has ended. */
export function endedCall(
  call: Pick<ServerMiddlewareCall<unknown, unknown>, 'method' | 'request' | 'responseStream'>,
  context: CallContext,
  end: Pick<EndedCall, 'status' | 'reason' | 'durationMs'>,
): EndedCall {
  const { path } = call.method;
  const { apiKey } = admittedCall(context).access;
  const created = createdIds.get(context.metadata);
  return {
    method: methodOf(path),
    ...idsOf(call.request),
    ...(created !== undefined && { dispatch: created }),
    ...(apiKey !== ANYBODY && { key: apiKey.name }),
    peer: context.peer,
    streaming: call.responseStream,
    ...end,
  };
}

/** The ids of a request. */
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
