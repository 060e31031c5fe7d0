import fc from 'fast-check';
import { expect, it } from 'vitest';

import { countedLength, utf8Length } from '../../src/wire/utf8Length.js';

it('is the number of bytes that a text has in UTF-8, with and without Buffer', () => {
  // Also code units that are half a character.
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.nat(0xffff)).map(units => String.fromCharCode(...units)),
  );
  fc.assert(
    fc.property(texts, text => {
      const { length } = new TextEncoder().encode(text);
      expect([utf8Length(text), countedLength(text)]).toEqual([length, length]);
    }),
  );
});
