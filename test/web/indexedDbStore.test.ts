import { IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { indexedDbStore } from '../../src/web/indexedDbStore.js';
import { fakeBrowser } from '../support/fakeBrowser.js';
import {
  type DispatcherStorePlace,
  kept,
  readStore,
  save,
  stored,
  testDispatcherStore,
  writeStore,
} from '../support/testDispatcherStore.js';
import { openAsItIs, spoilDatabase } from './spoilDatabase.js';

let undo: () => void;

beforeEach(() => {
  undo = fakeBrowser();
});

afterEach(() => {
  vi.restoreAllMocks();
  undo();
});

const name = 'dispatches';
const ofOne = { microgridId: 1 };

const place: DispatcherStorePlace = {
  name,
  store: () => indexedDbStore(name),
  spoil: texts => spoilDatabase(name, texts),
  async [Symbol.asyncDispose]() {},
};

describe('the store of a dispatcher in IndexedDB', () => {
  testDispatcherStore(async () => place);

  it('is left as it is when a newer version made it', async () => {
    await writeStore(place, [kept(1)]);
    (await openAsItIs(name, 9)).close();
    await expect(place.store().open(ofOne)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    const db = await openAsItIs(name);
    expect([...db.objectStoreNames]).toEqual(['dispatch', 'microgrid']);
    db.close();
  });

  it('tells each time why it cannot be opened, not that it is in use', async () => {
    const refused = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('the page is not allowed to', 'SecurityError');
    });
    const store = place.store();
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await expect(store.open(ofOne)).rejects.toMatchObject({ message: `${name}: the page is not allowed to` });
    }
    refused.mockRestore();
    await store.open(ofOne);
    await store.close(ofOne);
    await place.store().open(ofOne);
  });

  it.each(['', undefined, 7])('is refused with the name %j', refusedName => {
    expect(() => indexedDbStore(refusedName as string)).toThrow('name must be a text that is not empty');
  });

  it('is refused when it is the database of another program', async () => {
    (await openAsItIs(name, 1)).close();
    await expect(place.store().open(ofOne)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });

  it('lets go of a database that somebody deletes, and says so at the next save', async () => {
    const store = place.store();
    await store.open(ofOne);
    await save(store, [kept(1)]);
    const deletion = indexedDB.deleteDatabase(name);
    await new Promise((resolve, reject) => {
      deletion.onsuccess = resolve;
      deletion.onerror = reject;
    });
    await expect(save(store, [kept(2)])).rejects.toMatchObject({ code: 'DATA_LOSS' });
    await store.close(ofOne);
    expect(await readStore(place)).toMatchObject({ synced: false, dispatches: [] });
  });

  it('writes nothing of a save that does not fit', async () => {
    await writeStore(place, [kept(1)]);
    const store = place.store();
    await store.open(ofOne);
    const { put } = IDBObjectStore.prototype;
    let count = 0;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args) {
      count += 1;
      if (count === 300) throw new DOMException('no room', 'QuotaExceededError');
      return put.apply(this, args);
    });
    const many = Array.from({ length: 500 }, (_, i) => kept(i + 2));
    await expect(save(store, many, { replacesAll: true })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'dispatches: no room',
    });
    expect(count).toBe(300);
    await store.close(ofOne);
    expect((await readStore(place)).dispatches).toEqual([stored(1)]);
  });

  it.each(['locks', 'indexedDB'])('is refused in a page without %s', async missing => {
    if (missing === 'locks') vi.stubGlobal('navigator', {});
    else vi.stubGlobal('indexedDB', undefined);
    await expect(place.store().open(ofOne)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('needs a name', () => {
    expect(() => indexedDbStore('')).toThrow(RangeError);
  });
});
