import { randomBytes } from 'node:crypto';
import { type ClientMiddleware, Metadata } from 'nice-grpc-common';
import { signRequest } from '../wire/signature.js';
import type { CredentialSource, Credentials } from './credentials.js';

const NONCE_BYTES = 16;

/** The middleware that adds the key and a new signature to the metadata of each attempt at a call. */
export function sign(source: CredentialSource): ClientMiddleware {
  return async function* signed(call, options) {
    const credentials = await unlessAborted(source.next(), options.signal);
    const metadata = addCredentials(Metadata(options.metadata), credentials, call.method.path);
    return yield* call.next(call.request, { ...options, metadata });
  };
}

function addCredentials(metadata: Metadata, { authKey, signSecret }: Credentials, methodPath: string): Metadata {
  if (authKey === undefined) return metadata;
  metadata.set('key', authKey);
  if (signSecret === undefined) return metadata;
  const ts = Math.floor(Date.now() / 1000);
  const signed = signRequest({ authKey, signSecret, methodPath, ts, nonce: randomBytes(NONCE_BYTES) });
  for (const [name, value] of Object.entries(signed)) metadata.set(name, value);
  return metadata;
}

/** Waits for the credentials, or until the signal aborts. */
function unlessAborted<T>(value: T | Promise<T>, signal: AbortSignal | undefined): T | Promise<T> {
  if (!(value instanceof Promise) || signal === undefined) return value;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
