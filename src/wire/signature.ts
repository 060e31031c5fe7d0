import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The metadata of a signed call. */
export interface SignedMetadata {
  readonly key: string;
  /** Seconds since the epoch, in decimal digits. */
  readonly ts: string;
  readonly nonce: string;
  readonly sig: string;
}

/** What the signature of a call covers. The request itself is not signed. */
export interface SignedCall extends Omit<SignedMetadata, 'sig'> {
  /** The full path of the method; only its last segment is signed. */
  readonly methodPath: string;
}

/** Options of {@link signRequest}. */
export interface SigningInput {
  readonly authKey: string;
  /** Encoded as UTF-8. */
  readonly signSecret: string;
  /** The full path of the method; only its last segment is signed. */
  readonly methodPath: string;
  /** The time of the call in whole seconds since the epoch. */
  readonly ts: number;
  /** 16 random bytes, new for each call. */
  readonly nonce: Uint8Array;
}

/**
 * The metadata `sig` of a call: HMAC-SHA256 over the concatenation of key, timestamp, nonce and method name, in URL-safe
 * base64 without padding.
 *
 * @param secret - the signing secret, encoded as UTF-8.
 */
export function signatureOf({ key, ts, nonce, methodPath }: SignedCall, secret: string): string {
  const method = methodPath.slice(methodPath.lastIndexOf('/') + 1);
  return createHmac('sha256', secret).update(`${key}${ts}${nonce}${method}`).digest('base64url');
}

/** The metadata of a signed call. Its nonce is URL-safe base64 with padding, unlike its signature. */
export function signRequest({ authKey, signSecret, methodPath, ts, nonce }: SigningInput): SignedMetadata {
  const call = { key: authKey, ts: String(ts), nonce: paddedBase64Url(nonce) };
  return { ...call, sig: signatureOf({ ...call, methodPath }, signSecret) };
}

/** Whether `sig` is the signature of the call. Compares in constant time. */
export function verifySignature(call: SignedCall, secret: string, sig: string): boolean {
  return sameText(signatureOf(call, secret), sig);
}

/** Compares two strings in a time that depends neither on where they differ nor on their lengths. */
function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** The `base64url` of Node.js has no padding. */
function paddedBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
