import { ANYBODY, hasAccess, type KeyRing, noAccess } from '../access/keyRing.js';
import { methodOf, missingAccess, neededAccess } from '../access/methodAccess.js';
import type { ServedCall } from './servedCall.js';

/**
 * Checks whether the key of a call allows the method, and its access to the microgrid, once the request is decoded.
 *
 * @throws DispatchError PERMISSION_DENIED
 */
export function authorize({ path, access: { apiKey } }: ServedCall, request: unknown): void {
  const missing = missingAccess(apiKey, neededAccess(methodOf(path)));
  if (missing) throw missing;
  const microgridId = microgridOf(request);
  if (microgridId !== null && !hasAccess(apiKey, microgridId)) throw noAccess(microgridId);
}

/**
 * Makes a stream end when its access is revoked (PERMISSION_DENIED), or its key (UNAUTHENTICATED).
 *
 * @param keys - null accepts every caller.
 * @returns a function that undoes it.
 */
export function makeRevocable(call: ServedCall, request: unknown, keys: KeyRing | null): () => void {
  const { apiKey } = call.access;
  if (!keys || apiKey === ANYBODY) return () => {};
  const needed = neededAccess(methodOf(call.path));
  return keys.track({ apiKey, microgridId: microgridOf(request), needed, end: reason => call.abort(reason) });
}

/** The microgrid of a request; null when it has none. */
function microgridOf(request: unknown): bigint | null {
  if (typeof request !== 'object' || request === null || !('microgridId' in request)) return null;
  return typeof request.microgridId === 'bigint' ? request.microgridId : null;
}
