import { createHash, randomBytes } from 'node:crypto';
import type { CallContext, ServerMiddleware } from 'nice-grpc-common';

import { DispatchError } from '../../model/dispatchError.js';
import { REQUEST_IDS_KEPT_S } from '../../wire/requestId.js';
import { verifySignature } from '../../wire/signature.js';
import { type AccessContext, type CallAccess, setCaller } from '../access/callAccess.js';
import type { CallLimiter } from '../access/callLimits.js';
import { type ApiKey, hasAccess, type KeyRing, noAccess } from '../access/keyRing.js';
import { type ReplayCache, replayCache } from '../access/replayCache.js';
import type { ExpiringId } from '../domain/dispatchStore.js';
import { throwDecodeError } from './deferDecodeErrors.js';
import { REQUEST_ID_RETENTION_S } from './idempotentWrite.js';

/** Maximum difference between the timestamp of a signed call and the clock of the service. */
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;
/** Maximum difference between the clocks of processes that share a database: nonces are kept longer by this. */
const MAX_PROCESS_CLOCK_DIFFERENCE_MS = 10 * 60_000;
/** Maximum number of nonces remembered per key: about 60 MB, or 1,200 signed calls per second while they are valid. */
const MAX_NONCES = 400_000;
/** Maximum length of a nonce; clients send 24 characters. */
const MAX_NONCE_LENGTH = 64;

/** Health checks need no key. */
const OPEN_PATH = /^\/grpc\.health\.v1\.Health\//;

/** The caller of a method that needs no key. */
const ANYBODY: ApiKey = { name: 'anybody', key: '', secret: undefined, microgrids: 'all' };

/** Used instead of the secret of an unknown key, so that the refusal takes as long. */
const NO_SECRET = randomBytes(32).toString('base64');

/**
 * Middleware that checks the API key and its signature (UNAUTHENTICATED), the access to the microgrid (PERMISSION_DENIED), the
 * limits (RESOURCE_EXHAUSTED) and whether the request could be decoded (INVALID_ARGUMENT), in this order. A stream ends with the
 * same codes when its key or its access is revoked. All of this is one middleware, because each one costs time for each message
 * of a stream.
 *
 * Middleware outside of it gets the caller by `callerOf`.
 *
 * @param keys - null accepts every caller.
 */
export function authenticate(keys: KeyRing | null, limiter: CallLimiter): ServerMiddleware<AccessContext> {
  const replayCaches = new Map<string, ReplayCache>();

  function admit({ metadata }: CallContext, methodPath: string): CallAccess {
    if (keys === null || OPEN_PATH.test(methodPath)) return { apiKey: ANYBODY };
    const call = { ...signatureIn(metadata), methodPath };
    const apiKey = keys.find(call.key);
    const rightlySigned = isSigned(call) && verifySignature(call, apiKey?.secret ?? NO_SECRET, call.sig);
    if (!apiKey) throw refusal('the API key is not accepted');
    if (apiKey.secret === undefined) return { apiKey };
    const untilMs = checkSignature(call, rightlySigned, Date.now());
    return { apiKey, nonce: takeNonce(apiKey, call.nonce, untilMs) };
  }

  /** Called after the signature was checked: only a holder of the secret can use up a nonce. */
  function takeNonce({ key }: ApiKey, nonce: string, untilMs: number): ExpiringId {
    const nonces = replayCaches.get(key) ?? replayCache(MAX_NONCES);
    replayCaches.set(key, nonces);
    const id = createHash('sha256').update(`${key}\0${nonce}`).digest('base64url').slice(0, 22);
    switch (nonces.take(id, untilMs, Date.now())) {
      case 'replayed':
        throw refusal('the nonce of the signature was already used');
      case 'full':
        throw new DispatchError('RESOURCE_EXHAUSTED', 'too many signed calls with this API key within a few minutes');
      case 'fresh':
        return { id, untilUs: (untilMs + MAX_PROCESS_CLOCK_DIFFERENCE_MS) * 1000 };
    }
  }

  return async function* (call, context) {
    // Not for streams: a client takes the headers of a stream for its opening, and this one may be refused.
    if (!call.responseStream) context.header.set(REQUEST_IDS_KEPT_S, String(REQUEST_ID_RETENTION_S));
    const access = admit(context, call.method.path);
    if (access.apiKey !== ANYBODY) setCaller(context, access.apiKey);
    const microgridId = microgridOf(call.request);
    if (microgridId !== null && !hasAccess(access.apiKey, microgridId)) throw noAccess(microgridId);
    const leave = limiter.enter(access.apiKey, call.responseStream);
    const revocable =
      keys && call.responseStream ? revocableSignal(keys, access.apiKey, microgridId, context.signal) : null;
    try {
      throwDecodeError(call.request);
      return yield* call.next(call.request, { ...context, access, signal: revocable?.signal ?? context.signal });
    } finally {
      revocable?.release();
      leave();
    }
  };
}

interface CallSignature {
  readonly key: string;
  readonly ts: string;
  readonly nonce: string;
  readonly sig: string;
}

/** Reads the signature of a call; what is missing is an empty string. */
function signatureIn(metadata: CallContext['metadata']): CallSignature {
  const [key = '', ts = '', nonce = '', sig = ''] = ['key', 'ts', 'nonce', 'sig'].map(name => {
    const value = metadata.get(name);
    return typeof value === 'string' ? value : '';
  });
  if (key === '') throw refusal('the call has no API key (metadata `key`)');
  return { key, ts, nonce, sig };
}

function isSigned({ ts, nonce, sig }: CallSignature): boolean {
  return ts !== '' && nonce !== '' && sig !== '';
}

/** Checks timestamp, nonce and signature; returns until when the nonce must not be reused, in milliseconds since the epoch. */
function checkSignature(call: CallSignature, rightlySigned: boolean, nowMs: number): number {
  if (!isSigned(call)) throw refusal('the call is not signed (metadata `ts`, `nonce` and `sig`)');
  const tsMs = /^\d{1,12}$/.test(call.ts) ? Number(call.ts) * 1000 : Number.NaN;
  if (!(Math.abs(nowMs - tsMs) <= MAX_CLOCK_DIFFERENCE_MS)) {
    throw refusal('the timestamp of the signature differs from the time of this service by more than five minutes');
  }
  if (call.nonce.length > MAX_NONCE_LENGTH || !rightlySigned) throw refusal('the signature is invalid');
  return tsMs + MAX_CLOCK_DIFFERENCE_MS;
}

/** The microgrid of a request; null when it has none. */
function microgridOf(request: unknown): bigint | null {
  if (typeof request !== 'object' || request === null || !('microgridId' in request)) return null;
  return typeof request.microgridId === 'bigint' ? request.microgridId : null;
}

/** A signal for a stream, which aborts when its peer ends it, or its key or its access is revoked. */
function revocableSignal(keys: KeyRing, apiKey: ApiKey, microgridId: bigint | null, signal: AbortSignal) {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  const untrack = keys.track({ apiKey, microgridId, end: reason => controller.abort(reason) });
  return {
    signal: controller.signal,
    release() {
      untrack();
      signal.removeEventListener('abort', abort);
    },
  };
}

function refusal(reason: string): DispatchError {
  return new DispatchError('UNAUTHENTICATED', reason);
}
