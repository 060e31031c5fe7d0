import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import type { DispatchStore } from '../../../src/service/domain/dispatchStore.js';
import { pruneRegularly } from '../../../src/service/operation/pruneRegularly.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { creation } from '../../support/dispatchRow.js';

/** A store that tells when it has nothing left to drop. */
function tellingStore(store: DispatchStore) {
  const dropped: number[] = [];
  let tell: () => void = () => {};
  const done = new Promise<void>(resolve => {
    tell = resolve;
  });
  const telling: DispatchStore = {
    ...store,
    async prune(beforeUs, limit) {
      const count = await store.prune(beforeUs, limit);
      dropped.push(count);
      if (count < limit) tell();
      return count;
    },
  };
  return { store: telling, dropped, done };
}

describe('pruneRegularly', () => {
  let stop: () => Promise<void>;

  it('drops at once all that is old, a part at a time, and keeps the rest', async () => {
    let nowUs = (Date.now() - 3_600_000) * 1000;
    const store = memoryStore({ nowUs: () => nowUs });
    await Promise.all(Array.from({ length: 2500 }, () => store.apply(1, creation())));
    nowUs += 3_590_000_000;
    await store.apply(1, creation());
    const telling = tellingStore(store);
    stop = pruneRegularly(telling.store, { keepChangesMs: 60_000, keepAuditMs: 2 * 60_000 }, silentLogger);
    await telling.done;
    await stop();
    expect(telling.dropped).toEqual([1000, 1000, 500]);
    expect((await store.changes(new Map([[1, 2500]]), 10)).changes.map(({ seq }) => seq)).toEqual([2501]);
  });

  it('drops nonces and requests that are over, and keeps the rest', async () => {
    const store = memoryStore();
    const nowUs = Date.now() * 1000;
    const untilOf = (index: number) => nowUs + (index < 1500 ? -1 : 3_600_000_000);
    const once = (index: number) => ({ nonce: { id: `${index}`, untilUs: untilOf(index) } });
    await Promise.all(Array.from({ length: 1501 }, (_, index) => store.apply(1, { ...creation(), ...once(index) })));
    const dropped: number[] = [];
    const forget = async (...args: Parameters<DispatchStore['deleteExpired']>) => {
      const count = await store.deleteExpired(...args);
      dropped.push(count);
      return count;
    };
    const done = new Promise<void>(resolve => {
      const telling = {
        ...store,
        deleteExpired: (...args: Parameters<typeof forget>) => forget(...args).finally(check),
      };
      const check = () => {
        if (dropped.length === 2) resolve();
      };
      stop = pruneRegularly(telling, { keepChangesMs: 3_600_000, keepAuditMs: 2 * 3_600_000 }, silentLogger);
    });
    await done;
    await stop();
    expect(dropped).toEqual([1000, 500]);
    await store.apply(1, { ...creation(), ...once(0) });
    await expect(store.apply(1, { ...creation(), ...once(1500) })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('drops entries of the audit by their own age', async () => {
    let nowUs = (Date.now() - 3_600_000) * 1000;
    const store = memoryStore({ nowUs: () => nowUs });
    const author = { keyName: null, method: 'CreateMicrogridDispatch', requestId: null, note: null };
    await Promise.all(Array.from({ length: 1200 }, () => store.apply(1, { ...creation(), author })));
    nowUs += 3_480_000_000;
    await store.apply(1, { ...creation(), author });
    const pruned = new Promise<void>(resolve => {
      const deleteExpired: DispatchStore['deleteExpired'] = async () => {
        resolve();
        return 0;
      };
      stop = pruneRegularly({ ...store, deleteExpired }, { keepChangesMs: 60_000, keepAuditMs: 180_000 }, silentLogger);
    });
    await pruned;
    await stop();
    const { entries } = await store.audit(1, { filter: {}, oldestFirst: true, after: null }, 10, 1_000);
    expect(entries.map(({ seq }) => seq)).toEqual([1201]);
  });

  it('reports a failure and stops when it is told to', async () => {
    const failure = new Error('disk gone');
    const reported: object[] = [];
    stop = pruneRegularly(
      { ...memoryStore(), prune: () => Promise.reject(failure) },
      { keepChangesMs: 60_000, keepAuditMs: 60_000 },
      {
        ...silentLogger,
        error: fields => reported.push(fields),
      },
    );
    await stop();
    expect(reported).toEqual([{ err: failure }]);
  });
});
