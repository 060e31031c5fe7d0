import { readFileSync } from 'node:fs';
import type { JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { contractMessage } from '../support/generatedMessages.js';

interface WireVector {
  readonly message: string;
  readonly json: JsonValue;
  readonly hex: string;
  readonly note: string;
  readonly decode_only?: boolean;
}

const vectors: WireVector[] = readFileSync(new URL('../vectors/wire.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line));

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** What decoding gives, as text that tells -0, key order and refusal apart. */
function outcome(decode: (bytes: Uint8Array) => JsonValue, bytes: Uint8Array): string {
  try {
    return JSON.stringify(decode(bytes), (_, value) => (Object.is(value, -0) ? '-0' : value));
  } catch {
    return 'refused';
  }
}

describe('the generated messages', () => {
  it.each(vectors.filter(({ json }) => json !== null))('decode $message: $note ($hex)', ({ message, json, hex }) => {
    expect(contractMessage(message).decode(bytesOf(hex))).toEqual(json);
  });

  it.each(vectors.filter(vector => !vector.decode_only))('encode $message: $note ($hex)', ({ message, json, hex }) => {
    expect(hexOf(contractMessage(message).encode(json))).toBe(hex);
  });

  it.each(vectors.filter(({ json }) => json === null))('refuse $message: $note', ({ message, hex }) => {
    expect(() => contractMessage(message).decode(bytesOf(hex))).toThrow();
  });

  it('merge every message that is given twice, as the oracle does', () => {
    const lastOfMessage = new Map<string, string>();
    for (const { message, json, hex } of vectors) {
      if (json === null) continue;
      const { decode, oracleDecode } = contractMessage(message);
      const twice = bytesOf((lastOfMessage.get(message) ?? hex) + hex);
      lastOfMessage.set(message, hex);
      expect(outcome(decode, twice)).toBe(outcome(oracleDecode, twice));
    }
  });

  it('refuse a truncated message where the oracle does', () => {
    for (const { message, json, hex } of vectors) {
      if (json === null) continue;
      const { decode, oracleDecode } = contractMessage(message);
      const bytes = bytesOf(hex);
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        expect(outcome(decode, cut), `${message} ${hexOf(cut)}`).toBe(outcome(oracleDecode, cut));
      }
    }
  });
});
