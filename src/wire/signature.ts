import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { callToSign, type SignedCall, type SignedMetadata, type SigningInput, signedText } from './signedCall.js';

/**
 * The metadata `sig` of a call: HMAC-SHA256 over its {@link signedText}, in URL-safe base64 without padding.
 *
 * @param secret - the signing secret, encoded as UTF-8.
 */
export function signatureOf(call: SignedCall, secret: string): string {
  return createHmac('sha256', secret).update(signedText(call)).digest('base64url');
}

/** The metadata of a signed call. */
export function signRequest(input: SigningInput): SignedMetadata {
  const call = callToSign(input);
  const { key, ts, nonce } = call;
  return { key, ts, nonce, sig: signatureOf(call, input.signSecret) };
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
