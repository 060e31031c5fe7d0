import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/dispatchRecord.js';
import { Struct } from '../../src/wire/struct.js';
import { structByteLength } from '../../src/wire/structByteLength.js';

const encoded = (object: JsonObject) => Struct.encode(object).finish().length;

it('is the length of the encoded struct', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x'.repeat(200)));
  fc.assert(
    fc.property(fc.dictionary(text, fc.jsonValue({ stringUnit: 'binary' })), object => {
      expect(structByteLength(object as JsonObject)).toBe(encoded(object as JsonObject));
    }),
  );
});

it.each([0, 125, 126, 127, 128, 16_381, 16_382, 16_383, 16_384, 2_097_151, 2_097_152])(
  'counts the bytes of a length: a text of %i bytes',
  length => {
    const object = { a: [{ b: 'x'.repeat(length) }] };
    expect(structByteLength(object)).toBe(encoded(object));
  },
);
