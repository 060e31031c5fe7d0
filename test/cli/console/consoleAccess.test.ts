import { expect, it } from 'vitest';
import { consoleAccess } from '../../../src/cli/console/consoleAccess.js';

const claim = 'c'.repeat(43);
const refused = expect.objectContaining({ code: 'UNAUTHENTICATED' });

it('takes a code once; again for a minute only with the claim of whoever took it', () => {
  let nowMs = 0;
  const access = consoleAccess({ monotonicMs: () => nowMs });
  const code = access.newCode();
  expect(access.exchange(code, claim)).toBe(true);
  nowMs = 59_999;
  expect(access.exchange(code, claim)).toBe(false);
  for (const other of [undefined, '', 'c', 'd'.repeat(43), { length: 43 }]) {
    expect(() => access.exchange(code, other)).toThrow(refused);
  }
  nowMs = 60_000;
  expect(() => access.exchange(code, claim)).toThrow(refused);
  expect(() => access.exchange('other', claim)).toThrow(refused);
  expect(() => access.exchange(undefined, claim)).toThrow(refused);
});

it.each([undefined, '', 'short'])('does not take a code again that was taken with the claim %j', weak => {
  const access = consoleAccess({ monotonicMs: () => 0 });
  const code = access.newCode();
  expect(access.exchange(code, weak)).toBe(true);
  expect(() => access.exchange(code, weak)).toThrow(refused);
  expect(() => access.exchange(code, claim)).toThrow(refused);
});
