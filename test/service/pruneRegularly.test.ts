import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/logger.js';
import type { DispatchStore } from '../../src/service/dispatchStore.js';
import { memoryStore } from '../../src/service/memoryStore.js';
import { pruneRegularly } from '../../src/service/pruneRegularly.js';
import { creation } from '../support/dispatchRow.js';

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
  it('drops at once all that is old, a part at a time, and keeps the rest', async () => {
    let nowUs = (Date.now() - 3_600_000) * 1000;
    const store = memoryStore({ nowUs: () => nowUs });
    await Promise.all(Array.from({ length: 2500 }, () => store.apply(1, creation())));
    nowUs += 3_590_000_000;
    await store.apply(1, creation());
    const telling = tellingStore(store);
    const stop = pruneRegularly(telling.store, 60_000, silentLogger);
    await telling.done;
    await stop();
    expect(telling.dropped).toEqual([1000, 1000, 500]);
    expect((await store.changes(new Map([[1, 2500]]), 10)).changes.map(({ seq }) => seq)).toEqual([2501]);
  });

  it('reports a failure and stops when it is told to', async () => {
    const failure = new Error('disk gone');
    const reported: object[] = [];
    const stop = pruneRegularly({ ...memoryStore(), prune: () => Promise.reject(failure) }, 60_000, {
      ...silentLogger,
      error: fields => reported.push(fields),
    });
    await stop();
    expect(reported).toEqual([{ err: failure }]);
  });
});
