import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DispatchStore, DispatchWrite, IdempotencyKey } from '../../../src/service/domain/dispatchStore.js';
import { changeOf, creation } from '../../support/dispatchRow.js';
import type { StoreFactory } from './storeLists.js';

const MINUTE_US = 60_000_000;

/** Fixes how every dispatch store takes nonces once, and answers repeated requests. */
export function describeStoreRepeats(openStore: StoreFactory): void {
  describe('nonces and requests', () => {
    let store: DispatchStore;
    let nowUs: number;
    beforeEach(async () => {
      nowUs = 1_700_000_000_000_000;
      store = await openStore(() => nowUs);
    });
    afterEach(() => store.close());

    const nonce = (id: string) => ({ id, untilUs: nowUs + MINUTE_US });
    const key = (id: string, hash = 'content'): IdempotencyKey => ({ id, hash, untilUs: nowUs + MINUTE_US });
    const replayed = { code: 'UNAUTHENTICATED', message: 'the nonce of the signature was already used' };
    const refusing: DispatchWrite = {
      id: null,
      decide() {
        throw new Error('refused');
      },
    };

    it('takes a nonce once, in any microgrid', async () => {
      await store.apply(1, { ...creation(), nonce: nonce('a') });
      await expect(store.apply(1, { ...creation(), nonce: nonce('a') })).rejects.toMatchObject(replayed);
      await expect(store.apply(2, { ...creation(), nonce: nonce('a') })).rejects.toMatchObject(replayed);
      await store.apply(2, { ...creation(), nonce: nonce('b') });
      expect([await store.head(1), await store.head(2)]).toEqual([1, 1]);
    });

    it('takes a nonce once among writes of the same moment', async () => {
      const writes = Array.from({ length: 20 }, (_, index) =>
        store.apply(1, { ...creation(), nonce: nonce(`n${index % 10}`) }),
      );
      const outcomes = await Promise.allSettled(writes);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
      expect(await store.head(1)).toBe(10);
    });

    it('takes the nonce also of a write that is refused', async () => {
      await expect(store.apply(1, { ...refusing, nonce: nonce('a') })).rejects.toThrow('refused');
      await expect(store.apply(1, { ...creation(), nonce: nonce('a') })).rejects.toMatchObject(replayed);
      expect(await store.head(1)).toBe(0);
    });

    it('answers a repeated request as the first time, and does it once', async () => {
      const first = await store.apply(1, { ...creation(), idempotencyKey: key('r') });
      const id = first.dispatch?.id as number;
      await store.apply(1, changeOf(id, 'updated', { message: Uint8Array.of(9) }));
      const again = await store.apply(1, { ...creation(), idempotencyKey: key('r') });
      expect(again).toMatchObject({ seq: 2, dispatch: { id, message: first.dispatch?.message } });
      expect(await store.head(1)).toBe(2);
    });

    it('does a request once among writes of the same moment', async () => {
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => store.apply(1, { ...creation(), idempotencyKey: key('r') })),
      );
      expect(new Set(answers.map(({ dispatch }) => dispatch?.id)).size).toBe(1);
      expect(await store.head(1)).toBe(1);
    });

    it('answers a repeated deletion, whose dispatch is gone', async () => {
      const { dispatch } = await store.apply(1, creation());
      const deletion = { ...changeOf(dispatch?.id as number, 'deleted'), idempotencyKey: key('r') };
      const first = await store.apply(1, deletion);
      expect((await store.apply(1, deletion)).dispatch?.message).toEqual(first.dispatch?.message);
      await expect(store.apply(1, { ...deletion, idempotencyKey: undefined })).rejects.toThrow('no dispatch');
    });

    it('remembers a request that changed nothing', async () => {
      const { dispatch } = await store.apply(1, creation());
      const id = dispatch?.id as number;
      await store.apply(1, { id, decide: () => null, idempotencyKey: key('r') });
      expect((await store.apply(1, { ...refusing, id, idempotencyKey: key('r') })).dispatch?.id).toBe(id);
    });

    it('refuses a request with another content under the same id', async () => {
      await store.apply(1, { ...creation(), idempotencyKey: key('r', 'one') });
      await expect(store.apply(1, { ...creation(), idempotencyKey: key('r', 'other') })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'request-id',
      });
      expect(await store.head(1)).toBe(1);
    });

    it('does not remember a request that was refused', async () => {
      await expect(store.apply(1, { ...refusing, idempotencyKey: key('r') })).rejects.toThrow('refused');
      await store.apply(1, { ...creation(), idempotencyKey: key('r', 'other') });
      expect(await store.head(1)).toBe(1);
    });

    it('does a request anew when the first one is over', async () => {
      await store.apply(1, { ...creation(), idempotencyKey: key('r', 'one') });
      nowUs += 2 * MINUTE_US;
      await store.apply(1, { ...creation(), idempotencyKey: key('r', 'other') });
      expect((await store.apply(1, { ...refusing, idempotencyKey: key('r', 'other') })).seq).toBe(2);
    });

    it('forgets what is over, a part at a time', async () => {
      for (const id of ['a', 'b', 'c'])
        await store.apply(1, { ...creation(), nonce: nonce(id), idempotencyKey: key(id) });
      expect(await store.deleteExpired(nowUs, 100)).toBe(0);
      nowUs += 2 * MINUTE_US;
      await store.apply(1, { ...creation(), nonce: nonce('d'), idempotencyKey: key('d') });
      expect(await store.deleteExpired(nowUs, 4)).toBe(4);
      expect(await store.deleteExpired(nowUs, 4)).toBe(2);
      expect(await store.deleteExpired(nowUs, 4)).toBe(0);
      await store.apply(1, { ...creation(), nonce: nonce('a') });
      await expect(store.apply(1, { ...creation(), nonce: nonce('d') })).rejects.toMatchObject(replayed);
      expect((await store.apply(1, { ...refusing, idempotencyKey: key('d') })).dispatch).not.toBeNull();
    });
  });
}
