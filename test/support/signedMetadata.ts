import { createHmac, randomUUID } from 'node:crypto';
import { Metadata } from 'nice-grpc-common';

/** What to sign, and with what. */
export interface SignedMetadataOptions {
  readonly key: string;
  readonly secret: string;
  /** The last part of the method's path. */
  readonly method: string;
  /** @default now */
  readonly ts?: string;
  /** @default a new one */
  readonly nonce?: string;
}

/** Metadata of a signed call, made without the code that is tested. */
export function signedMetadata({ key, secret, method, ts, nonce }: SignedMetadataOptions): Metadata {
  const at = ts ?? String(Math.floor(Date.now() / 1000));
  const once = nonce ?? randomUUID();
  const sig = createHmac('sha256', secret).update(`${key}${at}${once}${method}`).digest('base64url');
  return Metadata({ key, ts: at, nonce: once, sig });
}
