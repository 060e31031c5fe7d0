import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NotificationData } from '../../machines/dispatch/notificationData.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { connectSqlite } from '../../src/sqlite/sqliteConnection.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { at } from '../support/time.js';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'store.db');
});
afterEach(() => folder[Symbol.dispose]());

const of = { microgridId: 1, queue: 'hook' };

function added(id: string) {
  const data: NotificationData = {
    notification: 'running.started',
    id: 7,
    type: 'CHARGE',
    atMs: at('10:00'),
    lateMs: 0,
    cause: 'schedule',
    run: { startMs: at('10:00'), endMs: null },
    selector: { ids: [5] },
    payload: { kw: 5 },
    dryRun: false,
  };
  return { kind: 'added', item: { id, data } } as const;
}

async function save(store: DispatcherStore, failure?: Error): Promise<void> {
  const changes = (async function* () {
    yield [];
    if (failure !== undefined) throw failure;
  })();
  await store.save({ microgridId: 1, replacesAll: false, synced: true, position: null, changes });
}

/** What is committed, as another process sees it. */
async function committed(): Promise<unknown[]> {
  const connection = connectSqlite(path, 1_000);
  const { rows } = await connection.execute('SELECT id FROM webhook ORDER BY n', []);
  connection.close();
  return rows.map(({ id }) => id);
}

describe('the queue of webhooks in a store', () => {
  it('is written with the next save, all of it or nothing', async () => {
    const store = sqliteStore(path);
    await store.open(of);
    store.changeWebhooks(of, added('a'));
    await expect(save(store, new Error('no'))).rejects.toThrow('no');
    expect(await committed()).toEqual([]);
    await save(store);
    expect(await committed()).toEqual(['a']);
    await store.close(of);
  });

  it('is not written where an item was added and removed since the last save', async () => {
    const store = sqliteStore(path);
    await store.open(of);
    for (const id of ['a', 'b']) store.changeWebhooks(of, added(id));
    store.changeWebhooks(of, { kind: 'removed', id: 'a' });
    await save(store);
    expect(await committed()).toEqual(['b']);
    store.changeWebhooks(of, { kind: 'removed', id: 'b' });
    await save(store);
    expect(await committed()).toEqual([]);
    await store.close(of);
  });

  it('is written within a second also without a save, and when the store is closed', async () => {
    const store = sqliteStore(path);
    await store.open(of);
    store.changeWebhooks(of, added('a'));
    await expect.poll(committed, { timeout: 5_000 }).toEqual(['a']);
    store.changeWebhooks(of, added('b'));
    await store.close(of);
    expect(await committed()).toEqual(['a', 'b']);
  });

  it('is read in order once the store is open, each receiver and microgrid for itself', async () => {
    const store = sqliteStore(path);
    const loading = store.loadWebhooks(of);
    await store.open(of);
    expect(await loading).toEqual([]);
    for (const id of ['c', 'a', 'b']) store.changeWebhooks(of, added(id));
    store.changeWebhooks({ ...of, queue: 'other' }, added('d'));
    store.changeWebhooks({ ...of, microgridId: 2 }, added('e'));
    await store.close(of);
    const next = sqliteStore(path);
    await next.open(of);
    expect(await next.loadWebhooks(of)).toEqual(['c', 'a', 'b'].map(id => added(id).item));
    expect((await next.loadWebhooks({ ...of, microgridId: 2 })).map(({ id }) => id)).toEqual(['e']);
    await next.close(of);
  });

  it('cannot be read when the store cannot be opened, and waits while another process has it', async () => {
    const broken = join(folder.path, 'folder.db');
    mkdirSync(broken);
    const store = sqliteStore(broken);
    const loading = store.loadWebhooks(of);
    loading.catch(() => {});
    await expect(store.open(of)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(loading).rejects.toMatchObject({ code: 'INTERNAL' });

    const [holder, waiting] = [sqliteStore(path), sqliteStore(path)];
    await holder.open(of);
    const later = waiting.loadWebhooks(of);
    await expect(waiting.open(of)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    holder.changeWebhooks(of, added('a'));
    await holder.close(of);
    await waiting.open(of);
    expect((await later).map(({ id }) => id)).toEqual(['a']);
    await waiting.close(of);
  });
});
