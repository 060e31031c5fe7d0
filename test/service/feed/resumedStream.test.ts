import { setMaxListeners } from 'node:events';
import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/logger.js';
import type { DispatchStore } from '../../../src/service/domain/dispatchStore.js';
import { positionOf } from '../../../src/service/domain/logCursor.js';
import { changeFeed } from '../../../src/service/feed/changeFeed.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { LOG_START } from '../../../src/wire/logPosition.js';
import { creation } from '../../support/dispatchRow.js';

const { signal } = new AbortController();
setMaxListeners(0, signal);

async function grown(count: number, store: DispatchStore = memoryStore()): Promise<DispatchStore> {
  await Promise.all(Array.from({ length: count }, () => store.apply(1, creation())));
  return store;
}

async function positionAt(store: DispatchStore, seq: number, microgridId = 1) {
  const [change] = (await store.changes(new Map([[microgridId, seq - 1]]), 1)).changes;
  if (change === undefined) throw new Error(`the log has no entry ${seq}`);
  return positionOf(change);
}

it.each([0, 1, 499, 500, 501, 1_000, 9_999, 10_000])(
  'brings a backlog of %i entries, then what is new, each once and in order',
  async backlog => {
    const store = await grown(10 + backlog);
    const feed = changeFeed(store, silentLogger);
    const stream = await feed.open(1, signal, await positionAt(store, 10));
    expect(stream).toMatchObject({ resumed: true, position: 10 + backlog });
    expect(feed.figures().streams).toBe(1);
    const last = 10 + backlog + 20;
    for (let seq = 11; seq <= last; seq += 1) {
      // Changes go on while it makes up for those before.
      if (seq % Math.ceil((backlog + 20) / 20) === 0 || seq > 10 + backlog) await store.apply(1, creation());
      expect((await stream.next()).seq).toBe(seq);
    }
    stream.close();
    expect(feed.figures().streams).toBe(0);
    feed.stop();
  },
);

it('does not resume after more than 10,000 entries, nor after an entry that the log does not have', async () => {
  const store = await grown(10_002);
  const feed = changeFeed(store, silentLogger);
  const first = await positionAt(store, 1);
  const last = await positionAt(store, 10_002);
  for (const after of [
    first,
    LOG_START,
    { ...last, atUs: last.atUs + 1 },
    { ...last, id: 1 },
    { ...last, seq: 10_003 },
  ]) {
    const stream = await feed.open(1, signal, after);
    expect(stream).toMatchObject({ resumed: false, position: 10_002, head: last });
    stream.close();
  }
  expect(await feed.open(1, signal, last)).toMatchObject({ resumed: true });
  feed.stop();
});

it('resumes from the beginning of a log that is whole', async () => {
  const store = memoryStore();
  const feed = changeFeed(store, silentLogger);
  const empty = await feed.open(1, signal);
  expect(empty).toMatchObject({ resumed: false, head: LOG_START });
  expect(await feed.open(1, signal, LOG_START)).toMatchObject({ resumed: true, head: LOG_START });
  await grown(2, store);
  const stream = await feed.open(1, signal, LOG_START);
  expect([(await stream.next()).seq, (await stream.next()).seq]).toEqual([1, 2]);
  feed.stop();
});

it('ends with UNAVAILABLE when the log is pruned or replaced before its backlog is read', async () => {
  let store = await grown(2_000);
  const proxied: DispatchStore = {
    ...store,
    cursor: microgridId => store.cursor(microgridId),
    changes: (...logs) => store.changes(...logs),
  };
  const feed = changeFeed(proxied, silentLogger);
  const after = await positionAt(store, 10);
  const [pruned, replaced] = [await feed.open(1, signal, after), await feed.open(1, signal, after)];
  const read = async (stream: typeof pruned) => {
    for (let seq = 11; seq <= 510; seq += 1) expect((await stream.next()).seq).toBe(seq);
    await expect(stream.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  };
  await store.prune(Number.MAX_SAFE_INTEGER, 1_500);
  await read(pruned);
  store = await grown(2_500);
  await read(replaced);
  feed.stop();
});

it('holds up no other stream, and is held up by none', async () => {
  const store = await grown(5_000);
  const feed = changeFeed(store, silentLogger);
  const live = await feed.open(1, signal);
  const resumed = await feed.open(1, signal, await positionAt(store, 1));
  await store.apply(1, creation());
  expect((await live.next()).seq).toBe(5_001);
  for (let seq = 2; seq <= 5_001; seq += 1) expect((await resumed.next()).seq).toBe(seq);
  feed.stop();
});

it('reads the logs of streams that resume at the same time together', async () => {
  const store = memoryStore();
  const microgridIds = Array.from({ length: 100 }, (_, index) => index + 1);
  for (const id of microgridIds) for (let seq = 1; seq <= 3; seq += 1) await store.apply(id, creation());
  // Two streams of each microgrid, which do not resume after the same entry.
  const requests = [1, 2].flatMap(seq => microgridIds.map(id => ({ id, seq })));
  const positions = await Promise.all(requests.map(({ id, seq }) => positionAt(store, seq, id)));
  let reads = 0;
  const counted: DispatchStore = {
    ...store,
    changes: (...logs) => {
      reads += 1;
      return store.changes(...logs);
    },
  };
  const feed = changeFeed(counted, silentLogger);
  await Promise.all(
    requests.map(async ({ id, seq }, index) => {
      const stream = await feed.open(id, signal, positions[index] ?? null);
      expect(stream.resumed).toBe(true);
      for (let next = seq + 1; next <= 3; next += 1) {
        expect(await stream.next()).toMatchObject({ microgridId: id, seq: next });
      }
    }),
  );
  expect(reads).toBeLessThan(20);
  feed.stop();
});
