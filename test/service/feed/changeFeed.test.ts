import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import type { DispatchStore } from '../../../src/service/domain/dispatchStore.js';
import { changeFeed } from '../../../src/service/feed/changeFeed.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { changeOf, creation } from '../../support/dispatchRow.js';

const { signal } = new AbortController();
// All the streams of these tests listen to it.
setMaxListeners(0, signal);

describe('changeFeed', () => {
  it('drops a stream with RESOURCE_EXHAUSTED when more than 1,000 changes wait, and no other', async () => {
    const store = memoryStore();
    const feed = changeFeed(store, silentLogger);
    const slow = await feed.open(1, signal);
    const fast = await feed.open(1, signal);
    for (let count = 0; count < 1001; count += 1) {
      await store.apply(1, creation());
      expect((await fast.next()).seq).toBe(count + 1);
    }
    await expect(slow.next()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await store.apply(1, creation());
    expect((await fast.next()).seq).toBe(1002);
    feed.stop();
  });

  it('drops a stream with RESOURCE_EXHAUSTED when more than 2 MiB wait, and none that reads', async () => {
    const store = memoryStore();
    const feed = changeFeed(store, silentLogger);
    const [slow, fast] = [await feed.open(1, signal), await feed.open(1, signal)];
    const large = () => store.apply(1, creation({ message: new Uint8Array(50_000) }));
    await Promise.all(Array.from({ length: 200 }, large));
    for (let seq = 1; seq <= 200; seq += 1) {
      expect((await fast.next()).seq).toBe(seq);
      if (seq % 10 === 0) await new Promise(resolve => setImmediate(resolve));
    }
    await expect(slow.next()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    feed.stop();
  });

  it('gives every microgrid its turn, however much is written to others', async () => {
    const store = memoryStore();
    const read: number[][] = [];
    const feed = changeFeed(
      {
        ...store,
        async changes(...logs) {
          const batch = await store.changes(...logs);
          read.push([...new Set(batch.changes.map(({ microgridId }) => microgridId))]);
          return batch;
        },
      },
      silentLogger,
    );
    const microgridIds = Array.from({ length: 1_200 }, (_, index) => index + 1);
    const streams = await Promise.all(microgridIds.map(microgridId => feed.open(microgridId, signal)));
    for (const microgridId of microgridIds)
      for (let count = 0; count < 3; count += 1) void store.apply(microgridId, creation());
    for (const stream of streams) for (const seq of [1, 2, 3]) expect((await stream.next()).seq).toBe(seq);
    const first = read
      .filter(ids => ids.length > 0)
      .slice(0, 3)
      .flat();
    expect(new Set(first).size).toBe(1_200);
    feed.stop();
  });

  it('drops no stream that reads, however many changes are committed at once', async () => {
    const store = memoryStore();
    const feed = changeFeed(store, silentLogger);
    const stream = await feed.open(1, signal);
    await Promise.all(Array.from({ length: 5000 }, () => store.apply(1, creation())));
    for (let seq = 1; seq <= 5000; seq += 1) expect((await stream.next()).seq).toBe(seq);
    feed.stop();
  });

  it('drops no stream that reads in its own time, and one that does not holds it up once', async () => {
    const store = memoryStore();
    const feed = changeFeed(store, silentLogger);
    const [steady, dead] = [await feed.open(1, signal), await feed.open(1, signal)];
    await Promise.all(Array.from({ length: 5000 }, () => store.apply(1, creation())));
    for (let seq = 1; seq <= 5000; seq += 1) {
      expect((await steady.next()).seq).toBe(seq);
      // As over a network: what was sent has to be taken before more is.
      if (seq % 100 === 0) await new Promise(resolve => setImmediate(resolve));
    }
    await expect(dead.next()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    feed.stop();
  });

  it('misses nothing and repeats nothing that is committed while a stream opens', async () => {
    const store = memoryStore();
    const feed = changeFeed(store, silentLogger);
    const early = await feed.open(1, signal);
    const opening = feed.open(1, signal);
    await store.apply(1, creation());
    const stream = await opening;
    await store.apply(1, changeOf(1, 'updated'));
    await store.apply(1, changeOf(1, 'deleted'));
    const behind: number[] = [];
    for (let seq = stream.position + 1; seq <= 3; seq += 1) behind.push((await stream.next()).seq);
    expect(behind).toEqual([1, 2, 3].filter(seq => seq > stream.position));
    expect([(await early.next()).seq, (await early.next()).seq, (await early.next()).seq]).toEqual([1, 2, 3]);
    feed.stop();
  });

  it('begins right behind the position it tells, also when an older position arrives late', async () => {
    const store = memoryStore();
    let letOlderArrive: () => void = () => {};
    let asked = 0;
    const feed = changeFeed(
      {
        ...store,
        async cursor(microgridId) {
          asked += 1;
          const isFirst = asked === 1;
          const head = await store.cursor(microgridId);
          if (isFirst) {
            await new Promise<void>(resolve => {
              letOlderArrive = resolve;
            });
          }
          return head;
        },
      },
      silentLogger,
    );
    const older = feed.open(1, signal);
    await new Promise(resolve => setImmediate(resolve));
    await store.apply(1, creation());
    const newer = await feed.open(1, signal);
    letOlderArrive();
    const stream = await older;
    await store.apply(1, creation());
    expect((await stream.next()).seq).toBe(stream.position + 1);
    expect((await newer.next()).seq).toBe(newer.position + 1);
    feed.stop();
  });

  it('goes on where it was when the log can be read again, and tells of both once', async () => {
    const store = memoryStore();
    const told: unknown[] = [];
    const failure = new Error('disk gone');
    let failures = 0;
    const feed = changeFeed(
      {
        ...store,
        async changes(...logs) {
          failures += 1;
          if (failures <= 2) throw failure;
          return store.changes(...logs);
        },
      },
      {
        ...silentLogger,
        error: fields => told.push(fields),
        info: (_, message) => told.push(message),
      },
    );
    const stream = await feed.open(1, signal);
    await store.apply(1, creation());
    await store.apply(1, creation());
    expect([(await stream.next()).seq, (await stream.next()).seq]).toEqual([1, 2]);
    expect(told).toEqual([{ err: failure }, 'the change log can be read again']);
    feed.stop();
  });

  it('learns by itself of changes that nobody told it of', async () => {
    const store = memoryStore();
    const feed = changeFeed({ ...store, onWake: () => () => {} }, silentLogger);
    const stream = await feed.open(1, signal);
    await store.apply(1, creation());
    expect((await stream.next()).seq).toBe(1);
    feed.stop();
  });

  it('ends a stream with UNAVAILABLE when the log was pruned before it was read', async () => {
    const store = memoryStore();
    let release: () => void = () => {};
    const released = new Promise<void>(resolve => {
      release = resolve;
    });
    const feed = changeFeed(
      {
        ...store,
        async changes(...logs) {
          await released;
          return store.changes(...logs);
        },
      },
      silentLogger,
    );
    const stream = await feed.open(1, signal);
    for (let count = 0; count < 2; count += 1) await store.apply(1, creation());
    await store.prune(Number.MAX_SAFE_INTEGER, 1000);
    release();
    await expect(stream.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    feed.stop();
  });

  it.each([
    ['is behind', 3],
    ['has as many entries', 5],
    ['has more entries', 7],
  ])('ends streams with UNAVAILABLE when the log was replaced by another one that %s', async (_, count) => {
    let store = memoryStore();
    const proxied: DispatchStore = {
      ...store,
      cursor: microgridId => store.cursor(microgridId),
      changes: (...logs) => store.changes(...logs),
      onWake: listener => {
        wakes.add(listener);
        return () => wakes.delete(listener);
      },
    };
    const wakes = new Set<(microgridIds: null) => void>();
    const feed = changeFeed(proxied, silentLogger);
    for (let made = 0; made < 4; made += 1) await store.apply(1, creation());
    const stream = await feed.open(1, signal);
    await store.apply(1, creation());
    for (const wake of wakes) wake(null);
    expect((await stream.next()).seq).toBe(5);
    store = memoryStore({ nowUs: () => 1_700_000_000_000_000 });
    for (let made = 0; made < count; made += 1) await store.apply(1, creation());
    for (const wake of wakes) wake(null);
    await expect(stream.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    feed.stop();
  });

  it('ends a stream when its signal aborts, and refuses new ones after it was stopped', async () => {
    const feed = changeFeed(memoryStore(), silentLogger);
    const controller = new AbortController();
    const stream = await feed.open(1, controller.signal);
    const next = stream.next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
    feed.stop();
    await expect(feed.open(1, signal)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
