import { describe, expect, it } from 'vitest';
import { signatureOf, signRequest, verifySignature } from '../../src/wire/signature.js';
import { readVectors } from '../support/vectors.js';

interface SigningCase {
  readonly key: string;
  readonly secret: string;
  readonly ts: string;
  readonly nonce_bytes_hex: string;
  readonly method_path: string;
  readonly nonce_header: string;
  readonly sig: string;
}

const vectors = readVectors<SigningCase>('signing.jsonl');
const cases = vectors.map(({ key, secret, ts, method_path, nonce_header, sig }) => ({
  call: { key, ts, nonce: nonce_header, methodPath: method_path },
  secret,
  sig,
}));

describe('signatures', () => {
  it('are those of the Python client', () => {
    expect(cases).toHaveLength(20);
    for (const { call, secret, sig } of cases) expect(signatureOf(call, secret)).toBe(sig);
  });

  it('go into the metadata as the Python client writes them', () => {
    for (const { key, secret, ts, nonce_bytes_hex, method_path, nonce_header, sig } of vectors) {
      const nonce = Buffer.from(nonce_bytes_hex, 'hex');
      const signed = signRequest({
        authKey: key,
        signSecret: secret,
        methodPath: method_path,
        ts: Number(ts),
        nonce,
      });
      expect(signed).toEqual({ key, ts, nonce: nonce_header, sig });
    }
  });

  it('are verified, and nothing else is', () => {
    for (const { call, secret, sig } of cases) {
      expect(verifySignature(call, secret, sig)).toBe(true);
      expect(verifySignature(call, secret, `${sig}=`)).toBe(false);
      expect(verifySignature(call, secret, '')).toBe(false);
      expect(verifySignature(call, `${secret}x`, sig)).toBe(false);
      expect(verifySignature({ ...call, ts: `${call.ts}0` }, secret, sig)).toBe(false);
      expect(verifySignature({ ...call, methodPath: `${call.methodPath}s` }, secret, sig)).toBe(false);
    }
  });
});
