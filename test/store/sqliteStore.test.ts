import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql/promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import type {
  DispatcherStore,
  StoreChange,
  StoredDispatch,
  StoreSave,
} from '../../machines/protocol/dispatcherStore.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { dispatchRecord, monday10Ms } from '../support/dispatchRecord.js';
import { forkStore } from '../support/storeProcess.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'));
  path = join(folder, 'dispatches.db');
});

afterEach(() => rm(folder, { recursive: true }));

const ofOne = { microgridId: 1 };

function stored(id: number, notifiedMs: number | null = null): StoredDispatch {
  const { context } = dispatchMachine.getInitialSnapshot({ self: {} } as never, {
    dispatch: dispatchRecord({ id }),
    atMs: monday10Ms - 1,
  });
  return { state: 'idle', context, notifiedMs };
}

function kept(id: number, notifiedMs: number | null = null): StoreChange {
  return { kind: 'kept', id, stored: stored(id, notifiedMs) };
}

async function save(store: DispatcherStore, changes: StoreChange[], options: Partial<StoreSave> = {}): Promise<void> {
  const slices = (async function* () {
    yield changes;
  })();
  await store.save({ microgridId: 1, replacesAll: false, synced: true, position: null, changes: slices, ...options });
}

/** What a new store on the file brings. */
async function read(filePath = path, of = ofOne) {
  const store = sqliteStore(filePath);
  const { synced, position } = await store.open(of);
  const dispatches: StoredDispatch[] = [];
  const problems: string[] = [];
  for await (const page of store.load(of)) {
    dispatches.push(...page.dispatches);
    problems.push(...page.problems.map(problem => `${problem.code}: ${problem.message.replaceAll(folder, '')}`));
  }
  await store.close(of);
  return { synced, position, dispatches, problems };
}

async function written(changes: StoreChange[], options: Partial<StoreSave> = {}): Promise<void> {
  const store = sqliteStore(path);
  const of = { microgridId: options.microgridId ?? 1 };
  await store.open(of);
  await save(store, changes, options);
  await store.close(of);
}

describe('the store of a dispatcher in a file', () => {
  it('is empty at first', async () => {
    expect(await read()).toEqual({ synced: false, position: null, dispatches: [], problems: [] });
  });

  it('brings what was kept last, and not what was dropped', async () => {
    await written([kept(1), kept(2), kept(3)], { synced: false });
    await written([kept(1, 5), { kind: 'dropped', id: 2 }]);
    expect(await read()).toEqual({ synced: true, position: null, dispatches: [stored(1, 5), stored(3)], problems: [] });
  });

  it('holds only what replaces all', async () => {
    await written([kept(1), kept(2)]);
    await written([kept(3)], { replacesAll: true });
    expect((await read()).dispatches).toEqual([stored(3)]);
  });

  it('keeps microgrids apart', async () => {
    const store = sqliteStore(path);
    await store.open(ofOne);
    await store.open({ microgridId: 2 });
    await Promise.all([save(store, [kept(1)]), save(store, [kept(2)], { microgridId: 2, synced: false })]);
    await store.close(ofOne);
    await save(store, [], { microgridId: 2, synced: false, replacesAll: true });
    await store.close({ microgridId: 2 });
    expect(await read()).toMatchObject({ synced: true, dispatches: [stored(1)] });
    expect(await read(path, { microgridId: 2 })).toMatchObject({ synced: false, dispatches: [] });
  });

  it('brings more than a page in order, each once', async () => {
    const ids = Array.from({ length: 1_500 }, (_, i) => i);
    await written(ids.map(id => kept(id)));
    expect((await read()).dispatches.map(({ context }) => context.dispatch.id)).toEqual(ids);
  });

  it('brings the position of the last save, which is written with its changes', async () => {
    const position = { log: '7:1700000000000000:3', latestMs: monday10Ms };
    await written([kept(1)], { position });
    expect((await read()).position).toEqual(position);
    await written([kept(2)], { position: { ...position, log: '8:1700000000000001:3' } });
    expect((await read()).position).toEqual({ ...position, log: '8:1700000000000001:3' });
    await written([kept(3)]);
    expect((await read()).position).toBeNull();
  });

  it('writes all of a save or nothing', async () => {
    const position = { log: '7:1700000000000000:3', latestMs: monday10Ms };
    await written([kept(1)], { position });
    const store = sqliteStore(path);
    await store.open(ofOne);
    const changes = (async function* () {
      yield [kept(2)];
      throw new Error('the rest cannot be had');
    })();
    const later = { ...position, log: '8:1700000000000001:3' };
    await expect(
      store.save({ microgridId: 1, replacesAll: true, synced: true, position: later, changes }),
    ).rejects.toMatchObject({
      code: 'UNKNOWN',
      message: expect.stringContaining('the rest cannot be had'),
    });
    await store.close(ofOne);
    expect(await read()).toMatchObject({ position, dispatches: [stored(1)] });
    await written([kept(3)]);
    expect((await read()).dispatches).toEqual([stored(1), stored(3)]);
  });

  it('reports what it cannot read of a dispatch, and brings the others', async () => {
    await written([kept(1), kept(2), kept(3), kept(4)]);
    const database = new Database(path, {});
    await database.exec(`UPDATE dispatch SET stored = '{' WHERE id = 1; UPDATE dispatch SET stored = 'null' WHERE id = 3;
      UPDATE dispatch SET id = -4, stored = '[]' WHERE id = 4`);
    database.close();
    expect(await read()).toEqual({
      synced: true,
      position: null,
      dispatches: [stored(2)],
      problems: [-4, 1, 3].map(id => `DATA_LOSS: dispatch ${id} of /dispatches.db cannot be read`),
    });
  });
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

  it('is refused when it is this process, until that closes it', async () => {
    const first = sqliteStore(path);
    await first.open(ofOne);
    const second = sqliteStore(path);
    await expect(second.open(ofOne)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await first.close(ofOne);
    await second.open(ofOne);
    await second.close(ofOne);
  });
});

describe('a file that cannot be used', () => {
  const beside = (reason: string) => [
    `DATA_LOSS: ${reason}; it is left unchanged, and /dispatches.db.1 is used instead`,
  ];

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
    await refused('/dispatches.db is not an SQLite database, so it does not hold the dispatches of a dispatcher');
  });

  it('is left as it is when it is a short text', async () => {
    await writeFile(path, 'x');
    await refused('/dispatches.db is not an SQLite database, so it does not hold the dispatches of a dispatcher');
  });

  it('is left as it is when it is the database of another program', async () => {
    const database = new Database(path, {});
    await database.exec('CREATE TABLE dispatch (id INTEGER PRIMARY KEY)');
    database.close();
    await refused('/dispatches.db is a database of another program, not the dispatches of a dispatcher');
  });

  it('is left as it is when a newer version made it', async () => {
    await written([kept(1)]);
    const database = new Database(path, {});
    await database.exec('PRAGMA user_version = 9; PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    await refused(
      'the schema of /dispatches.db is newer than this version of the program (version 9): install a newer version',
    );
  });

  it('is left as it is when it is damaged', async () => {
    await written(Array.from({ length: 200 }, (_, id) => kept(id)));
    const bytes = await readFile(path);
    bytes.fill(0xff, 8192, bytes.length - 4096);
    await writeFile(path, bytes);
    // File systems tell times in ticks of some milliseconds, and this may be the one in which it was closed.
    await utimes(path, new Date(), new Date(Date.now() + 1_000));
    const { problems } = await read();
    expect(problems).toEqual([expect.stringMatching(/^DATA_LOSS: \/dispatches.db is damaged \(.+\); it is left/)]);
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
