import type { CallContext, ServerMiddleware } from 'nice-grpc-common';

import { DispatchError } from '../model/dispatchError.js';
import { sameText, verifySignature } from '../wire/signature.js';
import { type NonceMemory, nonceMemory } from './nonceMemory.js';

/** How far the timestamp of a signed call may be from the service's clock, either way. */
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;
/** Nonces remembered at most: about 100 MB, or 1,600 signed calls a second for as long as one is remembered. */
const MAX_NONCES = 1_000_000;
/** The longest nonce accepted; clients send 24 characters. */
const MAX_NONCE_LENGTH = 64;

/** What a call must show. Without a key every caller is accepted; without a secret signatures are not checked. */
export interface Credentials {
  readonly authKey: string | undefined;
  readonly signSecret: string | undefined;
}

type Metadata = CallContext['metadata'];

/** The middleware that lets only those callers in who show the credentials; others get UNAUTHENTICATED. */
export function authenticate({ authKey, signSecret }: Credentials): ServerMiddleware {
  const nonces = nonceMemory(MAX_NONCES);
  return async function* (call, context) {
    if (authKey !== undefined) checkKey(context.metadata, authKey);
    if (authKey !== undefined && signSecret !== undefined) {
      checkSignature(context.metadata, call.method.path, authKey, signSecret, nonces, Date.now());
    }
    return yield* call.next(call.request, context);
  };
}

function checkKey(metadata: Metadata, authKey: string): void {
  const key = metadata.get('key');
  if (key === undefined) throw refusal('the call carries no key (metadata `key`)');
  if (!sameText(key, authKey)) throw refusal('the key is not one that this service accepts');
}

function checkSignature(
  metadata: Metadata,
  methodPath: string,
  key: string,
  secret: string,
  nonces: NonceMemory,
  nowMs: number,
): void {
  const [ts, nonce, sig] = ['ts', 'nonce', 'sig'].map(name => metadata.get(name) as string | undefined);
  if (!ts || !nonce || !sig) throw refusal('the call is not signed (metadata `ts`, `nonce` and `sig`)');
  const tsMs = /^\d{1,12}$/.test(ts) ? Number(ts) * 1000 : Number.NaN;
  if (!(Math.abs(nowMs - tsMs) <= MAX_CLOCK_DIFFERENCE_MS)) {
    throw refusal('the timestamp of the signature is more than five minutes away from the time of this service');
  }
  if (nonce.length > MAX_NONCE_LENGTH || !verifySignature({ key, ts, nonce, methodPath }, secret, sig)) {
    throw refusal('the signature is wrong');
  }
  // Only now: a nonce is used up by whoever holds the secret, and by nobody else.
  switch (nonces.take(nonce, tsMs + MAX_CLOCK_DIFFERENCE_MS, nowMs)) {
    case 'replayed':
      throw refusal('the nonce of the signature was used before');
    case 'full':
      throw new DispatchError('RESOURCE_EXHAUSTED', 'too many signed calls within a few minutes');
  }
}

function refusal(reason: string): DispatchError {
  return new DispatchError('UNAUTHENTICATED', reason);
}
