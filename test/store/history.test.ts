import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { connectSqlite } from '../../src/sqlite/sqliteConnection.js';
import { followHistory, type HistoryEntry, type HistoryOptions, readHistory } from '../../src/store/readHistory.js';
import { type SqliteStoreOptions, sqliteStore } from '../../src/store/sqliteStore.js';
import { dispatchRecord, hourMs, minuteMs, monday10Ms } from '../support/dispatchRecord.js';
import { faultyStore } from '../support/faultyStore.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { at, show } from '../support/time.js';

async function entriesOf(path: string, options: HistoryOptions = { oldestFirst: true }): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for await (const entry of readHistory(path, options)) entries.push(entry);
  return entries;
}

/** `1 started 10:00`: which dispatch, what, and when it was noticed. */
const brief = ({ id, notification, atMs, lateMs }: HistoryEntry) =>
  `${id} ${notification.split('.')[1]} ${show(atMs + lateMs)}`;

function started(id: number, atMs: number, payload = {}, microgridId = 1): RunNotification {
  const dispatch = dispatchRecord({ id, microgridId, startTimeMs: atMs, payload });
  const run = { startMs: atMs, endMs: atMs + 30 * minuteMs };
  return { type: 'running.started', dispatch, run, cause: 'schedule', atMs, lateMs: 0 };
}

async function save(store: DispatcherStore, notifications: readonly RunNotification[], microgridId = 1) {
  const changes = (async function* () {
    yield notifications.map(notification => ({ kind: 'noted', notification }) as const);
  })();
  await store.save({ microgridId, replacesAll: false, synced: true, position: null, changes });
}

async function written(path: string, notifications: readonly RunNotification[], options: SqliteStoreOptions = {}) {
  const store = sqliteStore(path, options);
  await store.open({ microgridId: 1 });
  await save(store, notifications);
  await store.close({ microgridId: 1 });
}

describe('the history of a dispatcher', () => {
  it('tells what was started, reconfigured, resumed, stopped and missed, as planned, how late and why', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'store.db');
    const dispatches = [
      dispatchRecord({ id: 1, selector: { categories: [{ category: 'BATTERY' }] }, payload: { kw: 5 } }),
      dispatchRecord({ id: 2, startTimeMs: at('11:00'), dryRun: true, type: 'DISCHARGE' }),
    ];
    await using before = await startDispatcher({ dispatches, store: sqliteStore(path) });
    await before.clock.advanceTo(at('10:10'));
    before.transport.update(1, { payload: { kw: 7 } });
    await before.clock.settle();
    await before.dispatcher.stop();
    before.clock.step(10 * minuteMs);
    await using after = await startDispatcher({ world: before, store: sqliteStore(path) });
    await after.clock.advanceTo(at('10:40'));
    after.clock.suspend(hourMs);
    await after.clock.advanceBy(1_000);
    await after.dispatcher.stop();

    const plan = { startMs: at('10:00'), endMs: at('10:30') };
    const first = { microgridId: 1, id: 1, type: 'CHARGE', run: plan, dryRun: false };
    const battery = { selector: { categories: [{ category: 'BATTERY' }] } };
    const entries = await entriesOf(path);
    expect(entries).toMatchObject([
      { ...first, ...battery, notification: 'running.started', cause: 'schedule', atMs: at('10:00'), lateMs: 0 },
      { ...first, notification: 'running.reconfigured', cause: 'update', payload: { kw: 7 }, atMs: at('10:10') },
      { ...first, notification: 'running.resumed', cause: 'restore', atMs: at('10:20') },
      { ...first, notification: 'running.stopped', cause: 'schedule', atMs: at('10:30'), lateMs: 0 },
      { id: 2, type: 'DISCHARGE', dryRun: true, notification: 'run.missed', count: 1, more: false, atMs: at('11:00') },
    ]);
    expect(entries.at(-1)?.lateMs).toBeGreaterThanOrEqual(40 * minuteMs);
    const seqs = entries.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  it('is read beside the dispatcher that writes it, and from a backup that was made meanwhile', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'store.db');
    await using test = await startDispatcher({ dispatches: [dispatchRecord({})], store: sqliteStore(path) });
    await test.clock.advanceTo(at('10:00'));
    const read = async () => {
      // Saves are planned on this clock, and take their time on another.
      await test.clock.advanceBy(1_000);
      return (await entriesOf(path)).map(brief);
    };
    await expect.poll(read).toEqual(['1 started 10:00']);
    const copy = join(folder.path, 'backup.db');
    const connection = connectSqlite(path, 5_000);
    await connection.run(`VACUUM INTO '${copy}'`);
    connection.close();
    await test.dispatcher.stop();
    expect((await entriesOf(copy)).map(brief)).toEqual(['1 started 10:00']);
    await using restored = await startDispatcher({ world: test, store: sqliteStore(copy) });
    await restored.clock.advanceTo(at('10:30'));
    await restored.dispatcher.stop();
    const all = ['1 started 10:00', expect.stringContaining('1 resumed 10:00:'), '1 stopped 10:30'];
    expect((await entriesOf(copy)).map(brief)).toEqual(all);
    // Also where no process that had it open left a log.
    copyFileSync(copy, join(folder.path, 'closed.db'));
    expect((await entriesOf(join(folder.path, 'closed.db'))).map(brief)).toEqual(all);
  });

  it('is filtered by microgrid, id, type, notification and time, newest first', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'store.db');
    const store = sqliteStore(path);
    await store.open({ microgridId: 1 });
    await store.open({ microgridId: 2 });
    const missed = { ...started(3, at('12:00')), type: 'run.missed', count: 1, more: false, firstMs: 0, lastMs: 0 };
    await save(store, [started(1, at('10:00')), started(2, at('11:00')), missed as RunNotification]);
    const other = started(1, at('13:00'), {}, 2);
    await save(store, [{ ...other, dispatch: { ...other.dispatch, type: 'OTHER' } } as RunNotification], 2);
    await store.close({ microgridId: 1 });
    await store.close({ microgridId: 2 });
    const found = async (options: HistoryOptions) => (await entriesOf(path, options)).map(brief);
    expect(await found({})).toEqual(['1 started 13:00', '3 missed 12:00', '2 started 11:00', '1 started 10:00']);
    expect(await found({ microgridId: 1, ids: [1, 3] })).toEqual(['3 missed 12:00', '1 started 10:00']);
    expect(await found({ types: ['OTHER'] })).toEqual(['1 started 13:00']);
    expect(await found({ notifications: ['run.missed'] })).toEqual(['3 missed 12:00']);
    const [from, to] = [new Date(at('11:00')), new Date(at('13:00'))];
    expect(await found({ from, to })).toEqual(['3 missed 12:00', '2 started 11:00']);
    expect(await found({ ids: [] })).toEqual([]);
  });

  it('is read in pages, each entry once, in both directions', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'store.db');
    const ids = Array.from({ length: 1_200 }, (_, i) => i + 1);
    await written(
      path,
      ids.map(id => started(id, monday10Ms + id)),
    );
    expect((await entriesOf(path)).map(({ id }) => id)).toEqual(ids);
    expect((await entriesOf(path, {})).map(({ id }) => id)).toEqual(ids.toReversed());
  });

  it('keeps what is young enough, and no more than its size', async () => {
    using folder = temporaryFolder();
    const [old, large] = [join(folder.path, 'old.db'), join(folder.path, 'large.db')];
    await written(old, [started(1, at('08:00')), started(2, at('09:30'))]);
    await written(old, [started(3, at('10:00'))], { history: { maxAgeMs: hourMs } });
    expect((await entriesOf(old)).map(({ id }) => id)).toEqual([2, 3]);
    const payload = { text: 'x'.repeat(1_000) };
    for (let id = 1; id <= 10; id++) {
      await written(large, [started(id, monday10Ms + id, payload)], { history: { maxBytes: 5_000 } });
    }
    expect((await entriesOf(large)).map(({ id }) => id)).toEqual([7, 8, 9, 10]);
    // The last one stays, however large it is, so that the next one comes after it.
    await written(large, [started(11, monday10Ms + 11, payload)], { history: { maxBytes: 1 } });
    const [last] = await entriesOf(large);
    await written(large, [started(12, monday10Ms + 12)], { history: { maxBytes: 1 } });
    expect((await entriesOf(large))[0]?.seq).toBeGreaterThan(last?.seq ?? 0);
  });

  it('is not written when it is not wanted', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'store.db');
    await written(path, [started(1, monday10Ms)], { history: false });
    expect(await entriesOf(path)).toEqual([]);
  });

  it.each([
    [{ maxAgeMs: 0 }, 'history.maxAgeMs must be an integer of 1 or more, not 0'],
    [{ maxBytes: 1.5 }, 'history.maxBytes must be an integer of 1 or more, not 1.5'],
  ])('refuses the limits %j', (history, message) => {
    expect(() => sqliteStore('store.db', { history })).toThrow(new RangeError(message));
  });

  it('is followed from now on, and from an entry on', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'store.db');
    await written(path, [started(1, monday10Ms)]);
    const store = sqliteStore(path);
    await store.open({ microgridId: 1 });
    const stopping = new AbortController();
    const entries = followHistory(path, { signal: stopping.signal });
    const next = entries.next();
    await expect.poll(() => followedOnce(path)).toBe(1);
    await save(store, [started(2, monday10Ms + 1)]);
    expect((await next).value).toMatchObject({ id: 2 });
    const none = entries.next();
    stopping.abort(new Error('enough'));
    await expect(none).rejects.toThrow('enough');
    await store.close({ microgridId: 1 });
  });

  it('says what is wrong with a file', async () => {
    using folder = temporaryFolder();
    const [none, text] = [join(folder.path, 'none.db'), join(folder.path, 'text.db')];
    writeFileSync(text, 'hello');
    await expect(entriesOf(none)).rejects.toMatchObject({ code: 'NOT_FOUND', message: `there is no file ${none}` });
    await expect(entriesOf(text)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: `${text} is not an SQLite database, so it does not hold the dispatches of a dispatcher`,
    });
  });
});

/** Reads the first entry by following. */
async function followedOnce(path: string): Promise<number | undefined> {
  for await (const { id } of followHistory(path, { afterSeq: 0 })) return id;
  return undefined;
}

describe('a save of all dispatches', () => {
  it('has each change with its notification, also what comes while it is written', async () => {
    const dispatches = [dispatchRecord({ id: 1 }), dispatchRecord({ id: 2 })];
    const snapshotOf = async () => {
      await using test = await startDispatcher({ dispatches });
      return test.dispatcher.actor.getPersistedSnapshot();
    };
    const store = faultyStore([]);
    const saves: string[][] = [];
    const snapshot = await snapshotOf();
    let meanwhile: () => Promise<void> = async () => {};
    const slow: DispatcherStore = {
      ...store,
      save: async ({ changes }) => {
        const seen: string[] = [];
        await meanwhile();
        for await (const slice of changes) {
          for (const change of slice) {
            if (change.kind === 'noted') seen.push(`${change.notification.dispatch.id} ${change.notification.type}`);
            if (change.kind === 'kept') seen.push(`${change.id} ${change.stored.state}`);
          }
        }
        saves.push(seen);
      },
    };
    await using test = await startDispatcher({ dispatches, snapshot, store: slow, sync: false });
    meanwhile = async () => {
      meanwhile = async () => {};
      // Both start while all are written.
      await test.recorder.next('running.started');
      await test.recorder.next('running.started');
    };
    await test.dispatcher.start();
    await test.clock.advanceTo(at('10:01'));
    await expect.poll(() => saves.length).toBeGreaterThan(0);
    const [first = []] = saves;
    for (const id of [1, 2]) {
      expect(first.filter(line => line.startsWith(`${id} `)).slice(-2)).toEqual([
        `${id} running`,
        `${id} running.started`,
      ]);
    }
  });
});
