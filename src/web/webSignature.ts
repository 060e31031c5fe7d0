import { DispatchError } from '../model/dispatchError.js';
import { base64Url, callToSign, type SignRequest, signedText } from '../wire/signedCall.js';

/** Signs the calls of a client by WebCrypto, as `signRequest` does by Node.js. */
export function webSigner(): SignRequest {
  let known: { readonly secret: string; readonly key: Promise<CryptoKey> } | undefined;
  return async input => {
    const { signSecret: secret } = input;
    if (known?.secret !== secret) known = { secret, key: importKey(secret) };
    const call = callToSign(input);
    const { key, ts, nonce } = call;
    const signature = await webCrypto().sign('HMAC', await known.key, new TextEncoder().encode(signedText(call)));
    return { key, ts, nonce, sig: base64Url(new Uint8Array(signature)).replaceAll('=', '') };
  };
}

/**
 * WebCrypto of the page.
 *
 * @throws DispatchError FAILED_PRECONDITION when the browser does not offer it.
 */
export function webCrypto(): SubtleCrypto {
  const { subtle } = crypto as Partial<Crypto>;
  if (subtle !== undefined) return subtle;
  const message = 'signSecret needs WebCrypto, which browsers offer only to pages by https, or from this computer';
  throw new DispatchError('FAILED_PRECONDITION', message, { field: 'signSecret' });
}

async function importKey(secret: string): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return webCrypto().importKey('raw', new TextEncoder().encode(secret), algorithm, false, ['sign']);
}
