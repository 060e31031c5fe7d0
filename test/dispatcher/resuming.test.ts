import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { DispatchStore } from '../../src/service/domain/dispatchStore.js';
import { memoryStore } from '../../src/service/store/memory/memoryStore.js';
import { openSqliteStore } from '../../src/service/store/sql/sqlite/openSqliteStore.js';
import { connectSqlite } from '../../src/sqlite/sqliteConnection.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { encodeLogPosition } from '../../src/wire/logPosition.js';
import {
  createIn,
  followOver,
  held,
  type ResumableService,
  resumableService,
  truth,
} from '../support/resumableService.js';
import { serveStore } from '../support/serveStore.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { ways } from '../support/ways.js';

/** What the planner of a microgrid changes while a dispatcher of it is not connected. */
async function changeMeanwhile(
  store: DispatchStore,
  change: (client: DispatchClient) => Promise<unknown>,
): Promise<void> {
  const served = await serveStore(store);
  await using client = new DispatchClient({ address: `grpc://127.0.0.1:${served.port}?ssl=false` });
  await change(client);
  await served.stop({ now: true });
}

async function headOf(store: DispatchStore): Promise<string> {
  const cursor = await store.cursor(1);
  if (typeof cursor === 'number') throw new Error('the last entry was pruned');
  return encodeLogPosition(cursor);
}

/** When it is live, a dispatcher must have what its service has. */
async function expectTruth(service: ResumableService, follower: Awaited<ReturnType<typeof followOver>>): Promise<void> {
  expect(held(follower.dispatcher)).toEqual(await truth(service.address));
}

// A dispatcher that gets no answer within a second lists: on a busy machine that is no fault.
const patient = { retry: 2 };

describe.each(ways)('a dispatcher that comes back to its service over $name', patient, way => {
  it('goes on where it was, without a list: each change meanwhile is told once, and none before', async () => {
    const store = memoryStore();
    const [kept, updated, deleted] = (await createIn(store, 3)) as [number, number, number];
    await using service = await resumableService(store);
    await using led = await way.leadTo(service.address);
    await using follower = await followOver(led.place, {}, way);
    await follower.dispatcher.ready();
    expect(follower.dispatcher.status.position).toBe(await headOf(store));
    follower.said();
    const live = follower.nextLive();
    await service.takeAway();
    let created = 0;
    await changeMeanwhile(store, async client => {
      await client.update({ microgridId: 1, id: updated, changes: { payload: { kw: 2 } } });
      await client.delete({ microgridId: 1, id: deleted });
      ({ id: created } = await client.create({
        microgridId: 1,
        type: 'NEW',
        startTime: 'NOW',
        selector: { ids: [1] },
      }));
    });
    const { lists } = service;
    await service.bringBack(store);
    await live;
    expect(service.lists).toBe(lists);
    expect(follower.said()).toEqual([`${updated} updated`, `${deleted} deleted`, `${created} created`]);
    expect(new Set(follower.dispatcher.dispatches.keys())).toEqual(new Set([kept, updated, created]));
    expect(follower.dispatcher.status.position).toBe(await headOf(store));
    await expectTruth(service, follower);
  });

  it('follows what happens after that, and names its position', async () => {
    const store = memoryStore();
    await createIn(store, 2);
    await using service = await resumableService(store);
    await using led = await way.leadTo(service.address);
    await using follower = await followOver(led.place, {}, way);
    await follower.dispatcher.ready();
    for (let round = 0; round < 3; round++) {
      const live = follower.nextLive();
      await service.takeAway();
      await createIn(store, round);
      await service.bringBack(store);
      await live;
      await createIn(store, 1);
      const head = await headOf(store);
      await expect.poll(() => follower.dispatcher.status.position).toBe(head);
      await expectTruth(service, follower);
    }
    expect(new Set(follower.said()).size).toBe(follower.dispatcher.dispatches.size);
  });

  it.each([
    [9_000, 'without a list'],
    [11_000, 'with a list'],
  ])('knows the truth after %i changes, %s', async (count, how) => {
    const store = memoryStore();
    await createIn(store, 10);
    await using service = await resumableService(store);
    await using led = await way.leadTo(service.address);
    await using follower = await followOver(led.place, {}, way);
    await follower.dispatcher.ready();
    follower.said();
    const { lists } = service;
    const live = follower.nextLive();
    await service.takeAway();
    await createIn(store, count);
    await service.bringBack(store);
    await live;
    expect(service.lists - lists).toBe(how === 'with a list' ? 1 : 0);
    expect(new Set(follower.said()).size).toBe(count);
    expect(follower.dispatcher.dispatches.size).toBe(10 + count);
    await expectTruth(service, follower);
  });
});

describe('a service that was restored from a backup', patient, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  const stores: DispatchStore[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    folder[Symbol.dispose]();
  });

  async function open(path: string): Promise<DispatchStore> {
    const store = await openSqliteStore(path);
    stores.push(store);
    return store;
  }

  /** A store with dispatches, a backup of it, and changes since. */
  async function withBackup(before: number, since: number) {
    const [path, backup] = [join(folder.path, 'service.db'), join(folder.path, 'backup.db')];
    const store = await open(path);
    await createIn(store, before);
    const connection = connectSqlite(path, 5_000);
    await connection.run(`VACUUM INTO '${backup}'`);
    connection.close();
    await createIn(store, since, 'LOST');
    return { store, restore: () => open(backup) };
  }

  it.each([
    ['is behind', 0],
    ['has written as much since', 3],
    ['has overtaken', 8],
  ])('is listed when its log %s, and its dispatches with ids that were used before are others', async (_, written) => {
    const { store, restore } = await withBackup(4, 3);
    await using service = await resumableService(store);
    await using follower = await followOver(service.address);
    await follower.dispatcher.ready();
    expect([...follower.dispatcher.dispatches.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    follower.said();
    const live = follower.nextLive();
    await service.takeAway();
    const restored = await restore();
    await createIn(restored, written, 'OTHER');
    const { lists } = service;
    await service.bringBack(restored);
    await live;
    expect(service.lists).toBe(lists + 1);
    await expectTruth(service, follower);
    const told = follower.said();
    // What had the id is gone before another one has it.
    for (const id of [5, 6, 7]) {
      const ofId = told.filter(line => line.startsWith(`${id} `));
      expect(ofId).toEqual(id < 5 + written ? [`${id} deleted`, `${id} created`] : [`${id} deleted`]);
    }
    expect(follower.dispatcher.status.position).toBe(await headOf(restored));
  });
});

describe('a dispatcher that starts again', patient, () => {
  /** A store that can be cut off: what is saved then is lost, as when the process is killed before. */
  function cutOff(store: DispatcherStore) {
    let isCut = false;
    return {
      ...store,
      save: async (save: Parameters<DispatcherStore['save']>[0]) => {
        if (!isCut) await store.save(save);
      },
      cut: () => {
        isCut = true;
      },
    };
  }

  it('goes on where it was saved last, without a list', async () => {
    const service = memoryStore();
    await createIn(service, 3);
    await using served = await resumableService(service);
    using folder = temporaryFolder();
    const file = join(folder.path, 'dispatcher.db');
    const first = await followOver(served.address, { store: sqliteStore(file) });
    await first.dispatcher.ready();
    await first.dispatcher.stop();
    const [created] = await createIn(service, 1);
    const { lists } = served;
    await using second = await followOver(served.address, { store: sqliteStore(file) });
    await second.dispatcher.ready();
    expect(served.lists).toBe(lists);
    expect(second.said()).toEqual([`${created} created`]);
    await expectTruth(served, second);
  });

  it('knows the truth when it was killed between a change and its save', async () => {
    const service = memoryStore();
    const [, updated, deleted] = (await createIn(service, 3)) as [number, number, number];
    await using served = await resumableService(service);
    const store = cutOff(storeInMemory());
    const first = await followOver(served.address, { store });
    await first.dispatcher.ready();
    await first.dispatcher.stop();
    const second = await followOver(served.address, { store });
    await second.dispatcher.ready();
    store.cut();
    await second.dispatcher.client.update(updated, { payload: { kw: 2 } });
    await second.dispatcher.client.delete(deleted);
    const { id } = await second.dispatcher.client.create({ type: 'NEW', startTime: 'NOW', selector: { ids: [1] } });
    await expect.poll(() => second.dispatcher.dispatches.has(id)).toBe(true);
    const { lists } = served;
    await second.dispatcher.stop();
    await using third = await followOver(served.address, { store });
    await third.dispatcher.ready();
    expect(served.lists).toBe(lists);
    expect(third.said()).toEqual([`${updated} updated`, `${deleted} deleted`, `${id} created`]);
    await expectTruth(served, third);
  });

  it('goes on from a snapshot, too', async () => {
    const service = memoryStore();
    await createIn(service, 3);
    await using served = await resumableService(service);
    const first = await followOver(served.address);
    await first.dispatcher.ready();
    const snapshot = JSON.parse(JSON.stringify(first.dispatcher.actor.getPersistedSnapshot()));
    await first.dispatcher.stop();
    const [created] = await createIn(service, 1);
    const { lists } = served;
    await using second = await followOver(served.address, { snapshot });
    await second.dispatcher.ready();
    expect(served.lists).toBe(lists);
    expect(second.said()).toEqual([`${created} created`]);
  });

  it('lists when what it kept has a position that is none', async () => {
    const service = memoryStore();
    await createIn(service, 3);
    await using served = await resumableService(service);
    const kept = storeInMemory();
    const first = await followOver(served.address, { store: kept });
    await first.dispatcher.ready();
    await first.dispatcher.stop();
    const odd = { ...kept, open: async () => ({ synced: true, position: { log: 5, latestMs: 'x' } as never }) };
    const { lists } = served;
    await using second = await followOver(served.address, { store: odd });
    await second.dispatcher.ready();
    expect(served.lists).toBe(lists + 1);
    await expectTruth(served, second);
  });
});
