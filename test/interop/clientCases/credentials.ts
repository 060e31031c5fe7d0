import { describe, expect, it } from 'vitest';
import { credentials } from '../follower.js';
import type { Stranger } from '../pythonClient.js';
import type { ClientTest } from './clientTest.js';

const WRONG: readonly (readonly [string, Partial<Stranger>])[] = [
  ['a wrong key', { auth_key: 'wrong' }],
  ['a key in capitals', { auth_key: credentials.authKey.toUpperCase() }],
  ['a part of the key', { auth_key: credentials.authKey.slice(0, -1) }],
  ['an empty key', { auth_key: '' }],
  ['no key', { without: ['key'] }],
  ['no credentials at all', { without: ['key', 'ts', 'nonce', 'sig'] }],
  ['a wrong secret', { sign_secret: 'wrong' }],
  ['no signature', { without: ['ts', 'nonce', 'sig'] }],
  ['no timestamp', { without: ['ts'] }],
  ['no nonce', { without: ['nonce'] }],
  ['a timestamp and a nonce that are not signed', { without: ['sig'] }],
  ['a clock that is five minutes slow', { clock_offset_s: -305 }],
  ['a clock that is five minutes fast', { clock_offset_s: 305 }],
  ['a clock of another year', { clock_offset_s: -40_000_000 }],
  ['another timestamp than the signed one', { instead: { ts: String(Math.floor(Date.now() / 1000) + 100) } }],
  ['a timestamp that is no number', { instead: { ts: 'now' } }],
  ['another nonce than the signed one', { instead: { nonce: 'AAAAAAAAAAAAAAAAAAAAAA==' } }],
  ['a signature of another call', { signed_method: 'GetMicrogridDispatch' }],
  ['a signature that is none', { instead: { sig: 'none' } }],
];

const CALLS = [
  ['ListMicrogridDispatches', 'microgrid_id: 1'],
  ['StreamMicrogridDispatches', 'microgrid_id: 1'],
  ['CreateMicrogridDispatch', 'microgrid_id: 1'],
  ['UpdateMicrogridDispatch', 'microgrid_id: 1 dispatch_id: 1'],
  ['GetMicrogridDispatch', 'microgrid_id: 1 dispatch_id: 1'],
  ['DeleteMicrogridDispatch', 'microgrid_id: 1 dispatch_id: 1'],
] as const;

/** Who is let in, and who is not: signatures are those of the Python package, with what a case makes wrong. */
export function describeCredentials(test: () => ClientTest): void {
  function call(wrong: Partial<Stranger> = {}): Promise<unknown> {
    const { python, address } = test();
    return python.callAsStranger({
      target: new URL(address).host,
      auth_key: credentials.authKey,
      sign_secret: credentials.signSecret,
      request: 'microgrid_id: 40',
      ...wrong,
    });
  }

  async function refused(wrong: Partial<Stranger>): Promise<void> {
    const error = await call(wrong).then(
      () => null,
      (refusal: Error) => refusal,
    );
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(error?.message).not.toContain(credentials.authKey);
    expect(error?.message).not.toContain(credentials.signSecret);
  }

  describe('is let in with', () => {
    it.each<[string, Partial<Stranger>]>([
      ['key and signature', {}],
      ['a clock that is four minutes slow', { clock_offset_s: -240 }],
      ['a clock that is four minutes fast', { clock_offset_s: 240 }],
    ])('%s', async (_, stranger) => {
      expect(await call(stranger)).toEqual({ pagination_info: {} });
    });
  });

  describe('is refused with', () => {
    it.each(WRONG)('%s', (_, wrong) => refused(wrong));

    it.each(CALLS)('a wrong signature in %s', (method, request) => refused({ method, request, sign_secret: 'wrong' }));

    it('a nonce that it has used before', async () => {
      const nonce = `once ${Math.random()}`;
      await call({ nonce });
      await refused({ nonce });
      await refused({ nonce, method: 'GetMicrogridDispatch', request: 'microgrid_id: 40 dispatch_id: 1' });
    });

    it('a nonce that it has used before to write', async () => {
      const nonce = `once ${Math.random()}`;
      const { id } = await test().python.create({}, 40);
      const request = `microgrid_id: 40 dispatch_id: ${id}`;
      await call({ nonce, method: 'DeleteMicrogridDispatch', request });
      await refused({ nonce, method: 'DeleteMicrogridDispatch', request });
    });
  });
}
