import type { ClientMiddleware } from 'nice-grpc-common';
import type { SignRequest } from '../wire/signedCall.js';
import type { CredentialSource, Credentials } from './credentials.js';
import { Metadata } from './grpcCommon.js';

const NONCE_BYTES = 16;

/** The middleware that adds the key and a new signature to the metadata of each attempt at a call. */
export function sign(source: CredentialSource, signRequest: SignRequest): ClientMiddleware {
  return async function* signed(call, options) {
    const credentials = await unlessAborted(source.next(), options.signal);
    const metadata = Metadata(options.metadata);
    await addCredentials(metadata, credentials, call.method.path, signRequest);
    return yield* call.next(call.request, { ...options, metadata });
  };
}

async function addCredentials(
  metadata: Metadata,
  { authKey, signSecret }: Credentials,
  methodPath: string,
  signRequest: SignRequest,
): Promise<void> {
  if (authKey === undefined) return;
  metadata.set('key', authKey);
  if (signSecret === undefined) return;
  const ts = Math.floor(Date.now() / 1000);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const signed = await signRequest({ authKey, signSecret, methodPath, ts, nonce });
  for (const [name, value] of Object.entries(signed)) metadata.set(name, value);
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
