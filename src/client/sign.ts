import { randomBytes } from 'node:crypto';
import { type ClientMiddleware, Metadata } from 'nice-grpc-common';
import { signRequest } from '../wire/signature.js';

/** What a client shows to the service. A secret without a key is of no use: signatures cover the key. */
export interface Credentials {
  /** The API key, sent with every call. */
  readonly authKey?: string | undefined;
  /** The secret that every call is signed with; it is never sent. */
  readonly signSecret?: string | undefined;
}

const NONCE_BYTES = 16;

/** The middleware that puts the key and a fresh signature into the metadata of each attempt of a call. */
export function sign({ authKey, signSecret }: Credentials): ClientMiddleware {
  return (call, options) => {
    if (authKey === undefined) return call.next(call.request as never, options) as never;
    const metadata = Metadata(options.metadata).set('key', authKey);
    if (signSecret !== undefined) {
      const ts = Math.floor(Date.now() / 1000);
      const signed = signRequest({
        authKey,
        signSecret,
        methodPath: call.method.path,
        ts,
        nonce: randomBytes(NONCE_BYTES),
      });
      for (const [name, value] of Object.entries(signed)) metadata.set(name, value);
    }
    return call.next(call.request as never, { ...options, metadata }) as never;
  };
}
