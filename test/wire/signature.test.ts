import { describe, expect, it } from 'vitest';
import { signatureOf, verifySignature } from '../../src/wire/signature.js';
import { readVectors } from '../support/vectors.js';

interface SigningCase {
  readonly key: string;
  readonly secret: string;
  readonly ts: string;
  readonly method_path: string;
  readonly nonce_header: string;
  readonly sig: string;
}

const cases = readVectors<SigningCase>('signing.jsonl').map(({ key, secret, ts, method_path, nonce_header, sig }) => ({
  call: { key, ts, nonce: nonce_header, methodPath: method_path },
  secret,
  sig,
}));

describe('signatures', () => {
  it('are those of the Python client', () => {
    expect(cases).toHaveLength(20);
    for (const { call, secret, sig } of cases) expect(signatureOf(call, secret)).toBe(sig);
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
