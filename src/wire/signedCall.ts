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

/** What a call is signed with. */
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

/** Makes the metadata of a signed call: by Node.js or, later, by WebCrypto. */
export type SignRequest = (input: SigningInput) => SignedMetadata | Promise<SignedMetadata>;

/** What is signed of a call: the concatenation of key, timestamp, nonce and method name. */
export function signedText({ key, ts, nonce, methodPath }: SignedCall): string {
  return `${key}${ts}${nonce}${methodPath.slice(methodPath.lastIndexOf('/') + 1)}`;
}

/** The call that is to be signed. Its nonce is URL-safe base64 with padding, unlike its signature. */
export function callToSign({ authKey, methodPath, ts, nonce }: SigningInput): SignedCall {
  return { key: authKey, ts: String(ts), nonce: base64Url(nonce), methodPath };
}

/** URL-safe base64 with padding. */
export function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
