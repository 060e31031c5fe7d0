import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql/promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreChange } from '../../machines/protocol/dispatcherStore.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { forkStore } from '../support/storeProcess.js';
import {
  type DispatcherStorePlace,
  kept,
  readStore,
  save,
  stored,
  testDispatcherStore,
  writeStore,
} from '../support/testDispatcherStore.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'));
  path = join(folder, 'dispatches.db');
});

afterEach(() => rm(folder, { recursive: true }));

const ofOne = { microgridId: 1 };

/** A file in the folder of the test. */
function place(): DispatcherStorePlace {
  return {
    name: path,
    store: () => sqliteStore(path),
    async spoil(texts) {
      const database = new Database(path, {});
      for (const { id, text, newId = id } of texts) {
        await database.exec(`UPDATE dispatch SET id = ${newId}, stored = '${text}' WHERE id = ${id}`);
      }
      database.close();
    },
    async [Symbol.asyncDispose]() {},
  };
}

const read = () => readStore(place());
const written = (changes: StoreChange[]) => writeStore(place(), changes);

describe('the store of a dispatcher in a file', () => {
  testDispatcherStore(async () => place());
});

describe('a file that another process has', () => {
  it('is refused in one line', async () => {
    await using other = await forkStore(path);
    expect(other.pid).toBeGreaterThan(0);
    await expect(sqliteStore(path).open(ofOne)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `${path} is in use by another process`,
    });
    await other.kill();
    expect((await read()).problems).toEqual([]);
  });
});

describe('a file that cannot be used', () => {
  const beside = (reason: string) => [`DATA_LOSS: ${reason}; it is left unchanged, and NAME.1 is used instead`];

  async function refused(reason: string): Promise<void> {
    const before = await readFile(path);
    const found = await read();
    expect(found).toMatchObject({ synced: false, dispatches: [], problems: beside(reason) });
    const store = sqliteStore(path);
    await store.open(ofOne);
    await save(store, [kept(7)]);
    await store.close(ofOne);
    expect(await read()).toEqual({ synced: true, position: null, dispatches: [stored(7)], problems: beside(reason) });
    expect(await readFile(path)).toEqual(before);
  }

  it('is left as it is when it is no database', async () => {
    await writeFile(path, 'minutes of the meeting\n'.repeat(100));
    await refused('NAME is not an SQLite database, so it does not hold the dispatches of a dispatcher');
  });

  it('is left as it is when it is a short text', async () => {
    await writeFile(path, 'x');
    await refused('NAME is not an SQLite database, so it does not hold the dispatches of a dispatcher');
  });

  it('is left as it is when it is the database of another program', async () => {
    const database = new Database(path, {});
    await database.exec('CREATE TABLE dispatch (id INTEGER PRIMARY KEY)');
    database.close();
    await refused('NAME is a database of another program, not the dispatches of a dispatcher');
  });

  it('is left as it is when a newer version made it', async () => {
    await written([kept(1)]);
    const database = new Database(path, {});
    await database.exec('PRAGMA user_version = 9; PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    await refused('the schema of NAME is newer than this version of the program (version 9): install a newer version');
  });

  it('is left as it is when it is damaged', async () => {
    await written(Array.from({ length: 200 }, (_, id) => kept(id)));
    const bytes = await readFile(path);
    bytes.fill(0xff, 8192, bytes.length - 4096);
    await writeFile(path, bytes);
    // File systems tell times in ticks of some milliseconds, and this may be the one in which it was closed.
    await utimes(path, new Date(), new Date(Date.now() + 1_000));
    const { problems } = await read();
    expect(problems).toEqual([expect.stringMatching(/^DATA_LOSS: NAME is damaged \(.+\); it is left/)]);
    expect(await readFile(path)).toEqual(bytes);
  });

  it.each(['', ':memory:'])("is refused when it is '%s'", name => {
    expect(() => sqliteStore(name)).toThrow(RangeError);
  });

  it('is refused when its folder does not exist', async () => {
    await expect(sqliteStore(join(folder, 'none', 'x.db')).open(ofOne)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('there is no folder'),
    });
  });
});
