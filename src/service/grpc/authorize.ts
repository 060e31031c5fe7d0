import type { ServerMiddleware } from 'nice-grpc-common';

import { REQUEST_IDS_KEPT_S } from '../../wire/requestId.js';
import { type AccessContext, admittedCall } from '../access/callAccess.js';
import { ANYBODY, hasAccess, type KeyRing, noAccess, type RevocableCall } from '../access/keyRing.js';
import { methodOf, missingAccess, neededAccess } from '../access/methodAccess.js';
import { REQUEST_ID_RETENTION_S } from './idempotentWrite.js';

/**
 * Middleware that checks whether the key of a call allows the method, and its access to the microgrid (PERMISSION_DENIED), once the
 * request is decoded. A stream ends with the same code when its access is revoked, and with UNAUTHENTICATED when its key is.
 *
 * @param keys - null accepts every caller.
 */
export function authorize(keys: KeyRing | null): ServerMiddleware<AccessContext> {
  return async function* (call, context) {
    // Not for streams: a client takes the headers of a stream for its opening, and this one may be refused.
    if (!call.responseStream) context.header.set(REQUEST_IDS_KEPT_S, String(REQUEST_ID_RETENTION_S));
    const { access } = admittedCall(context);
    const { apiKey } = access;
    const needed = neededAccess(methodOf(call.method.path));
    const missing = missingAccess(apiKey, needed);
    if (missing) throw missing;
    const microgridId = microgridOf(call.request);
    if (microgridId !== null && !hasAccess(apiKey, microgridId)) throw noAccess(microgridId);
    const revocable =
      keys && call.responseStream && apiKey !== ANYBODY
        ? revocableSignal(keys, { apiKey, microgridId, needed }, context.signal)
        : null;
    try {
      return yield* call.next(call.request, { ...context, access, signal: revocable?.signal ?? context.signal });
    } finally {
      revocable?.release();
    }
  };
}

/** The microgrid of a request; null when it has none. */
function microgridOf(request: unknown): bigint | null {
  if (typeof request !== 'object' || request === null || !('microgridId' in request)) return null;
  return typeof request.microgridId === 'bigint' ? request.microgridId : null;
}

/** A signal for a stream, which aborts when its peer ends it, or its key or its access is revoked. */
function revocableSignal(keys: KeyRing, call: Omit<RevocableCall, 'end'>, signal: AbortSignal) {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  const untrack = keys.track({ ...call, end: reason => controller.abort(reason) });
  return {
    signal: controller.signal,
    release() {
      untrack();
      signal.removeEventListener('abort', abort);
    },
  };
}
