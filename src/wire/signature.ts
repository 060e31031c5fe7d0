import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What the signature of a call covers. The request itself is not signed. */
export interface SignedCall {
  /** The metadata `key`. */
  readonly key: string;
  /** The metadata `ts`: seconds since the epoch, in decimal digits. */
  readonly ts: string;
  /** The metadata `nonce`, as it is sent. */
  readonly nonce: string;
  /** The full path of the method; only its last segment is signed. */
  readonly methodPath: string;
}

/**
 * The metadata `sig` of a call: HMAC-SHA256 over key, timestamp, nonce and method name one after the other, in URL-safe
 * base64 without padding.
 *
 * @param secret - the signing secret, taken as UTF-8.
 */
export function signatureOf({ key, ts, nonce, methodPath }: SignedCall, secret: string): string {
  const method = methodPath.slice(methodPath.lastIndexOf('/') + 1);
  return createHmac('sha256', secret).update(`${key}${ts}${nonce}${method}`).digest('base64url');
}

/** Whether `sig` is the signature of the call. Takes a time that tells nothing about where two signatures differ. */
export function verifySignature(call: SignedCall, secret: string, sig: string): boolean {
  return sameText(signatureOf(call, secret), sig);
}

/** Compares two texts in a time that tells nothing about where they differ, nor about the length of either. */
export function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
