import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from 'xstate';
import type { SyncPosition } from '../machines/protocol/dispatcherStore.js';
import { DispatchClient } from '../src/client/dispatchClient.js';
import { startDispatchService } from '../src/service/index.js';
import { connectSqlite } from '../src/sqlite/sqliteConnection.js';
import { type HistoryEntry, readHistory } from '../src/store/readHistory.js';
import { sqliteStore } from '../src/store/sqliteStore.js';
import { memoryTransport } from '../src/testing/memoryTransport.js';
import { simulatedClock } from '../src/testing/simulatedClock.js';
import { startDispatcher, type TestDispatcherOptions } from './support/startDispatcher.js';
import { temporaryFolder } from './support/temporaryFolder.js';

/** What a version has written, in a folder of its name below `test/vectors/formats`. */
interface Expected {
  readonly writtenAtMs: number;
  readonly dispatches: readonly { readonly id: number }[];
  /** The ids of those that ran. */
  readonly running: readonly number[];
  /** The position that a dispatcher had kept; absent: it kept none. */
  readonly position?: SyncPosition;
}

function fixture(version: string, name: string): Buffer {
  return gunzipSync(readFileSync(resolve('test/vectors/formats', version, `${name}.gz`)));
}

const byId = (a: { readonly id: number }, b: { readonly id: number }) => a.id - b.id;
const ascending = (a: number, b: number) => a - b;

/** Adds a migration that no version of this program has, without its mark in the header. */
async function addMigration(path: string): Promise<void> {
  const connection = connectSqlite(path, 1_000);
  await connection.run(`INSERT INTO dispatch_migration VALUES ('9999_future', '2030-01-01T00:00:00.000Z')`);
  // The file alone is to hold it: closing may leave it in the log for a while, and so does a checkpoint that is busy.
  const checkpoint = () => connection.execute('PRAGMA wal_checkpoint(TRUNCATE)', []);
  await expect.poll(async () => (await checkpoint()).rows).toMatchObject([{ busy: 0 }]);
  connection.close();
}

/** Marks the file as one of a later schema: `user_version` is at offset 60 of the header of SQLite. */
async function raiseVersion(path: string): Promise<void> {
  const bytes = readFileSync(path);
  bytes.writeUInt32BE(9999, 60);
  writeFileSync(path, bytes);
}

const NEWER = [
  ['a migration of a later version', addMigration, '9999_future'],
  ['the mark of a later version', raiseVersion, 'version 9999'],
] as const;

// `0.1.0-position`: of the first schema of a dispatcher's store with a position.
describe.each(['0.1.0', '0.1.0-position'])('files of version %s', version => {
  const expected: Expected = JSON.parse(fixture(version, 'expected.json').toString());

  function copyOf(folder: string, name: string): string {
    const path = join(folder, name);
    writeFileSync(path, fixture(version, name));
    return path;
  }

  /** Restores a dispatcher that reaches no service at the instant of the fixtures. */
  async function restored(options: Pick<TestDispatcherOptions, 'store' | 'snapshot'>) {
    const world = { clock: simulatedClock(expected.writtenAtMs), transport: memoryTransport() };
    world.transport.hold('watch');
    world.transport.hold('list');
    const test = await startDispatcher({ world, sync: false, ...options });
    const done = new Promise(resolve => test.dispatcher.on('restored', resolve));
    await test.dispatcher.start();
    await done;
    return test;
  }

  function expectAll(test: Awaited<ReturnType<typeof restored>>): void {
    const dispatches = [...test.dispatcher.dispatches.values()];
    expect(dispatches.sort(byId).map(dispatch => dispatch.toJSON())).toEqual([...expected.dispatches].sort(byId));
    const running = dispatches.filter(dispatch => dispatch.running(dispatch.type) === 'RUNNING').map(({ id }) => id);
    expect(running.sort(ascending)).toEqual([...expected.running].sort(ascending));
    expect(test.problems).toEqual([]);
    // What was announced before is not announced as a start again.
    expect(test.said().filter(line => /started|missed|created/.test(line))).toEqual([]);
  }

  it('hold the dispatches of a service, all of them as they were', async () => {
    using folder = temporaryFolder();
    const service = await startDispatchService({ database: copyOf(folder.path, 'service.db') });
    await using client = new DispatchClient({ address: service.address });
    const listed: unknown[] = [];
    for await (const dispatch of client.list({ microgridId: 1 })) listed.push(dispatch.toJSON());
    expect(listed).toEqual(expected.dispatches);
    // New ids come after those that were assigned, deleted dispatches included.
    const highest = Math.max(...expected.dispatches.map(({ id }) => id));
    const created = await client.create({ microgridId: 1, type: 'T', startTime: 'NOW', selector: { ids: [1] } });
    expect(created.id).toBeGreaterThan(highest);
    await service.stop();
  });

  it('hold the dispatches of a dispatcher, which carries on with them offline', async () => {
    using folder = temporaryFolder();
    const store = sqliteStore(copyOf(folder.path, 'dispatcher.db'));
    await using test = await restored({ store });
    expectAll(test);
  });

  it('hold the position of a dispatcher, if it had one', async () => {
    using folder = temporaryFolder();
    const store = sqliteStore(copyOf(folder.path, 'dispatcher.db'));
    expect(await store.open({ microgridId: 1 })).toEqual({ synced: true, position: expected.position ?? null });
    await store.close({ microgridId: 1 });
    const snapshot: Snapshot<unknown> = JSON.parse(fixture(version, 'snapshot.json').toString());
    await using test = await restored({ snapshot });
    const { children } = test.dispatcher.actor.getPersistedSnapshot() as unknown as {
      children: { pool: { snapshot: { context: { position: SyncPosition | null } } } };
    };
    expect(children.pool.snapshot.context.position).toEqual(expected.position ?? null);
  });

  it('hold the snapshot of a dispatcher, which carries on with it offline', async () => {
    const snapshot: Snapshot<unknown> = JSON.parse(fixture(version, 'snapshot.json').toString());
    await using test = await restored({ snapshot });
    expectAll(test);
  });

  it.each(NEWER)(
    'are refused with %s by a service, which names it and leaves them as they are',
    async (_, age, name) => {
      using folder = temporaryFolder();
      const database = copyOf(folder.path, 'service.db');
      await age(database);
      const before = readFileSync(database);
      await expect(startDispatchService({ database })).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: `the schema of ${database} is newer than this version of the program (${name}): install a newer version`,
      });
      expect(readFileSync(database).equals(before)).toBe(true);
    },
  );

  it.each(NEWER)('are left as they are with %s by a dispatcher, which names it', async (_, age, name) => {
    using folder = temporaryFolder();
    const path = copyOf(folder.path, 'dispatcher.db');
    await age(path);
    const before = readFileSync(path);
    const store = sqliteStore(path);
    const problems: string[] = [];
    expect(await store.open({ microgridId: 1 })).toEqual({ synced: false, position: null });
    for await (const page of store.load({ microgridId: 1 })) {
      expect(page.dispatches).toEqual([]);
      problems.push(...page.problems.map(({ message }) => message));
    }
    await store.close({ microgridId: 1 });
    expect(problems).toEqual([
      expect.stringContaining(`the schema of ${path} is newer than this version of the program (${name})`),
    ]);
    expect(readFileSync(path).equals(before)).toBe(true);
    // Nor is anything left to be written into it.
    expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });
});

describe('a file of version 0.1.0-audit', () => {
  it('holds the audit of a service, all of it as it was, and goes on with it', async () => {
    using folder = temporaryFolder();
    const { dispatches, audit } = JSON.parse(fixture('0.1.0-audit', 'audit.json').toString());
    const database = join(folder.path, 'service.db');
    writeFileSync(database, fixture('0.1.0-audit', 'service.db'));
    const service = await startDispatchService({ database });
    await using client = new DispatchClient({ address: service.address });
    const listed: unknown[] = [];
    for await (const dispatch of client.list({ microgridId: 1 })) listed.push(dispatch.toJSON());
    expect(listed).toEqual(dispatches);
    const entries = async () => {
      const all: unknown[] = [];
      const options = { microgridId: 1, oldestFirst: true };
      for await (const entry of client.audit(options)) all.push(JSON.parse(JSON.stringify(entry)));
      return all;
    };
    expect(await entries()).toEqual(audit);
    await client.update({ microgridId: 1, id: 1, changes: { active: true } });
    expect(await entries()).toEqual([...audit, expect.objectContaining({ seq: audit.length + 1 })]);
    await service.stop();
  });
});

describe('a file of version 0.1.0-history', () => {
  const history: readonly HistoryEntry[] = JSON.parse(fixture('0.1.0-history', 'history.json').toString());

  it('holds the history of a dispatcher, all of it as it was, and goes on with it', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'dispatcher.db');
    writeFileSync(path, fixture('0.1.0-history', 'dispatcher.db'));
    expect(await historyOf(path)).toEqual(history);
    const last = history.at(-1) as HistoryEntry;
    const world = { clock: simulatedClock(last.atMs + last.lateMs), transport: memoryTransport() };
    // It lists nothing: what ran is stopped.
    await using test = await startDispatcher({ world, store: sqliteStore(path) });
    await test.dispatcher.stop();
    const told = test.recorder.all.filter(output => 'run' in output).map(({ type }) => type);
    expect(told.length).toBeGreaterThan(0);
    const entries = await historyOf(path);
    expect(entries.slice(0, history.length)).toEqual(history);
    expect(entries.slice(history.length).map(({ notification }) => notification)).toEqual(told);
  });
});

describe('a file of a version before the history', () => {
  it('has no entries, and gets them from now on', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'dispatcher.db');
    writeFileSync(path, fixture('0.1.0-position', 'dispatcher.db'));
    expect(await historyOf(path)).toEqual([]);
    const { writtenAtMs }: Expected = JSON.parse(fixture('0.1.0-position', 'expected.json').toString());
    const world = { clock: simulatedClock(writtenAtMs), transport: memoryTransport() };
    await using test = await startDispatcher({ world, store: sqliteStore(path) });
    await test.dispatcher.stop();
    const told = test.recorder.all.filter(output => 'run' in output).map(({ type }) => type);
    expect(told.length).toBeGreaterThan(0);
    expect((await historyOf(path)).map(({ notification }) => notification)).toEqual(told);
  });
});

async function historyOf(path: string): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for await (const entry of readHistory(path, { oldestFirst: true })) entries.push(entry);
  return entries;
}
