import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DispatcherStore, StoreSave } from '../../machines/protocol/dispatcherStore.js';
import type { Dispatch } from '../../src/dispatch.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { daily, dispatchRecord, hourMs, minuteMs, version } from '../support/dispatchRecord.js';
import { drain, startDispatcher, type TestDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restart-'));
  path = join(folder, 'dispatches.db');
});

afterEach(() => rm(folder, { recursive: true }));

/** Stops a dispatcher, lets time pass, and starts another on the same store; the service does not answer. */
async function restartOffline(before: TestDispatcher, sleepMs: number): Promise<TestDispatcher> {
  await before.dispatcher.stop();
  before.transport.hold('watch');
  before.transport.hold('list');
  before.clock.step(sleepMs);
  return restart(before);
}

/** Starts another on the same store and waits until it has what that kept. */
async function restart(world: Pick<TestDispatcher, 'clock' | 'transport'>): Promise<TestDispatcher> {
  const after = await startDispatcher({ world, store: sqliteStore(path), sync: false });
  const restored = new Promise(resolve => after.dispatcher.on('restored', resolve));
  await after.dispatcher.start();
  await restored;
  return after;
}

describe('a dispatcher that was restarted without its service', () => {
  it('goes on with runs and timers, and announces nothing twice', async () => {
    const dispatches = [
      dispatchRecord({ id: 1, startTimeMs: at('08:50') }),
      dispatchRecord({ id: 2 }),
      dispatchRecord({ id: 3, startTimeMs: at('08:55'), durationMs: null }),
    ];
    await using before = await startDispatcher({ dispatches, store: sqliteStore(path) });
    await using after = await restartOffline(before, 10 * minuteMs);
    expect(after.said()).toEqual([
      '1 resumed 08:50-09:20 by restore at 09:10',
      '3 resumed 08:55-never by restore at 09:10',
    ]);
    expect(after.dispatcher.dispatches.get(3)?.running('CHARGE')).toBe('RUNNING');
    await after.clock.advanceTo(at('10:30'));
    expect(after.said()).toEqual([
      '1 stopped 08:50-09:20 by schedule at 09:20',
      '2 started 10:00-10:30 by schedule at 10:00',
      '2 stopped 10:00-10:30 by schedule at 10:30',
    ]);
  });

  it('finds what passed meanwhile, in the order of time', async () => {
    const dispatches = [
      dispatchRecord({ id: 1, startTimeMs: at('08:50') }),
      dispatchRecord({ id: 2, recurrence: daily() }),
      dispatchRecord({ id: 3, startTimeMs: at('09:20') }),
      dispatchRecord({ id: 4, startTimeMs: at('Tue 09:55') }),
    ];
    await using before = await startDispatcher({ dispatches, store: sqliteStore(path) });
    await using after = await restartOffline(before, 25 * hourMs + 10 * minuteMs);
    await after.clock.advanceBy(0);
    expect(after.said()).toEqual([
      '3 missed 1 09:20..09:20',
      '1 stopped 08:50-09:20 by schedule at 09:20 +89400000',
      '2 missed 1 10:00..10:00',
      '2 started Tue 10:00-Tue 10:30 by schedule at Tue 10:00 +600000',
      '4 started Tue 09:55-Tue 10:25 by schedule at Tue 09:55 +900000',
    ]);
  });

  it('gives the receivers what runs, whenever they came', async () => {
    const dispatches = [dispatchRecord({ startTimeMs: at('08:50') }), dispatchRecord({ id: 2 })];
    await using before = await startDispatcher({ dispatches, store: sqliteStore(path) });
    await before.dispatcher.stop();
    before.transport.hold('watch');
    const after = await startDispatcher({ world: before, store: sqliteStore(path), sync: false });
    const early = after.dispatcher.runningStatusChange.newReceiver();
    const waiting = early.receive();
    await after.dispatcher.start();
    expect(await waiting).toMatchObject({ id: 1, change: { kind: 'started', cause: 'restore' } });
    const late = after.dispatcher.runningStatusChange.newReceiver();
    expect((await drain<Dispatch>(late)).map(({ id }) => id)).toEqual([1]);
    expect(await drain(early)).toEqual([]);
    await after.dispatcher.stop();
  });

  it('gives each receiver each running dispatch once, also those that are read while it is restored', async () => {
    const dispatches = Array.from({ length: 200 }, (_, i) =>
      dispatchRecord({ id: i + 1, startTimeMs: at('08:50'), durationMs: null }),
    );
    await using before = await startDispatcher({ dispatches, store: sqliteStore(path) });
    await before.dispatcher.stop();
    before.transport.hold('watch');
    await using after = await startDispatcher({ world: before, store: sqliteStore(path), sync: false });
    const { runningStatusChange } = after.dispatcher;
    const early = runningStatusChange.newReceiver();
    const got = new Map<string, number[]>();
    const read = async (name: string) => {
      const own: number[] = [];
      got.set(name, own);
      for await (const { id } of runningStatusChange.newReceiver()) own.push(id);
    };
    void read('read from the start');
    after.dispatcher.on('restored', () => void read('read when restored'));
    after.dispatcher.on('running', () => void read('read at the first'), { once: true });
    await after.dispatcher.start();
    await expect.poll(() => after.dispatcher.dispatches.size).toBe(200);
    await after.clock.advanceBy(0);
    const late = runningStatusChange.newReceiver();
    await after.clock.settle();
    const ids = dispatches.map(({ id }) => id);
    for (const name of ['read from the start', 'read when restored', 'read at the first']) {
      expect({ name, ids: got.get(name) }).toEqual({ name, ids });
    }
    for (const receiver of [early, late]) {
      const items = await drain(receiver);
      expect(items.map(({ id }) => id)).toEqual(ids);
      expect(new Set(items.map(({ change }) => `${change?.kind} ${change?.cause}`))).toEqual(
        new Set(['started restore']),
      );
    }
  });

  it('knows a clock that has not come to a run yet', async () => {
    await using before = await startDispatcher({
      dispatches: [dispatchRecord()],
      now: '10:05',
      store: sqliteStore(path),
    });
    await using after = await restartOffline(before, -hourMs);
    await after.clock.advanceBy(0);
    expect(after.said()).toEqual(['1 stopped 10:00-10:30 by schedule at 09:05']);
    await after.clock.advanceTo(at('10:00'));
    expect(after.said()).toEqual(['1 started 10:00-10:30 by schedule at 10:00']);
  });

  it('is the same after a second restart', async () => {
    await using before = await startDispatcher({
      dispatches: [dispatchRecord({ startTimeMs: at('08:50') })],
      store: sqliteStore(path),
    });
    await using between = await restartOffline(before, 20 * minuteMs);
    await between.clock.advanceBy(0);
    expect(between.said()).toHaveLength(1);
    await using after = await restartOffline(between, minuteMs);
    await after.clock.advanceBy(minuteMs);
    expect(after.said()).toEqual([]);
  });
});

describe('a dispatch that an update made impossible to evaluate', () => {
  const held = dispatchRecord({ startTimeMs: at('08:50') });
  const impossible = { ...held, recurrence: daily({ interval: 0 }), updateTime: version(2) };

  it('is still held as inactive after a restart from the store', async () => {
    await using before = await startDispatcher({
      dispatches: [held, dispatchRecord({ id: 2 })],
      store: sqliteStore(path),
    });
    before.transport.put(impossible);
    await before.clock.settle();
    await using after = await restartOffline(before, 0);
    expect(after.problems).toEqual([]);
    expect(after.dispatcher.dispatches.get(1)?.active).toBe(false);
  });

  it('is still held as inactive after a restart from a snapshot', async () => {
    await using before = await startDispatcher({ dispatches: [held, dispatchRecord({ id: 2 })] });
    before.transport.put(impossible);
    await before.clock.settle();
    const snapshot = JSON.parse(JSON.stringify(before.dispatcher.actor.getPersistedSnapshot()));
    await using after = await startDispatcher({ world: before, snapshot });
    expect(after.problems).toEqual([]);
    expect(after.said()).toEqual([]);
    expect(after.dispatcher.dispatches.get(1)?.active).toBe(false);
  });
});

describe('a dispatcher that comes back to its service', () => {
  it('tells only the differences', async () => {
    const dispatches = [1, 2, 3].map(id => dispatchRecord({ id, startTimeMs: at('08:50') }));
    await using before = await startDispatcher({ dispatches, store: sqliteStore(path) });
    await before.dispatcher.stop();
    before.transport.putSilently(
      dispatchRecord({ id: 2, startTimeMs: at('08:50'), payload: { kw: 2 }, updateTime: version(2) }),
      dispatchRecord({ id: 4 }),
    );
    before.transport.deleteSilently(3);
    await using after = await restart(before);
    await after.dispatcher.ready();
    expect(after.said()).toEqual([
      '1 resumed 08:50-09:20 by restore at 09:00',
      '2 resumed 08:50-09:20 by restore at 09:00',
      '3 resumed 08:50-09:20 by restore at 09:00',
      '2 updated',
      '2 reconfigured 08:50-09:20 by update at 09:00',
      '4 created',
      '3 deleted',
      '3 stopped 08:50-09:20 by delete at 09:00',
    ]);
    await after.dispatcher.stop();
    await using last = await restart(before);
    await last.dispatcher.ready();
    expect(last.said()).toEqual([1, 2].map(id => `${id} resumed 08:50-09:20 by restore at 09:00`));
    expect([...last.dispatcher.dispatches.keys()]).toEqual([1, 2, 4]);
  });

  it('keeps what a snapshot brings rather than what the store has', async () => {
    await using first = await startDispatcher({ dispatches: [dispatchRecord()], store: sqliteStore(path) });
    await first.dispatcher.stop();
    await using other = await startDispatcher({ dispatches: [dispatchRecord({ id: 2 })] });
    const snapshot = JSON.parse(JSON.stringify(other.dispatcher.actor.getPersistedSnapshot()));
    await using second = await startDispatcher({ world: other, store: sqliteStore(path), snapshot });
    expect(second.said()).toEqual([]);
    await second.dispatcher.stop();
    await using third = await restart(other);
    expect([...third.dispatcher.dispatches.keys()]).toEqual([2]);
  });
});

describe('what a dispatcher writes', () => {
  /** Counts the saves of a store, and tells when the last one is done. */
  function counting(store: DispatcherStore): DispatcherStore & { readonly saves: StoreSave[]; done(): Promise<void> } {
    const saves: StoreSave[] = [];
    let last = Promise.resolve();
    return {
      saves,
      done: () => last,
      open: of => store.open(of),
      load: of => store.load(of),
      close: of => store.close(of),
      save: save => {
        saves.push(save);
        last = store.save(save);
        return last;
      },
    };
  }

  it('is written a moment after it changes, once a second at most', async () => {
    const store = counting(sqliteStore(path));
    await using test = await startDispatcher({ store });
    for (let i = 0; i < 100; i++) {
      test.transport.put(dispatchRecord({ id: i }));
      await test.clock.advanceBy(100);
      // The file is written in real time, which must not fall behind that of the test.
      await store.done();
    }
    expect(store.saves.length).toBeLessThanOrEqual(11);
    expect(store.saves.length).toBeGreaterThan(2);
  });

  it('is nothing while nothing changes', async () => {
    const store = counting(sqliteStore(path));
    await using test = await startDispatcher({ store, dispatches: [dispatchRecord()] });
    await test.clock.advanceBy(200);
    await expect.poll(() => store.saves.length).toBe(1);
    await test.clock.advanceBy(30 * minuteMs);
    expect(store.saves.length).toBe(1);
  });

  it('is tried again when it could not be written, which is told once', async () => {
    let broken = true;
    const sound = sqliteStore(path);
    const store: DispatcherStore = {
      open: of => sound.open(of),
      load: of => sound.load(of),
      close: of => sound.close(of),
      save: save =>
        broken ? Promise.reject(new DispatchError('RESOURCE_EXHAUSTED', 'the disk is full')) : sound.save(save),
    };
    await using test = await startDispatcher({ store, dispatches: [dispatchRecord()] });
    await test.clock.advanceBy(minuteMs);
    expect(test.problems.map(problem => problem.message)).toEqual(['the disk is full']);
    broken = false;
    await test.clock.advanceBy(10_000);
    await test.dispatcher.stop();
    await using after = await restart(test);
    expect(after.dispatcher.dispatches.size).toBe(1);
  });

  it('tells the log when the last write fails', async () => {
    const logged: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (_: object, text: string) => logged.push(text) };
    const sound = sqliteStore(path);
    const store: DispatcherStore = {
      open: of => sound.open(of),
      load: of => sound.load(of),
      close: of => sound.close(of),
      save: () => Promise.reject(new Error('no more disk')),
    };
    const test = await startDispatcher({ store, dispatches: [dispatchRecord()], logger });
    await test.dispatcher.stop();
    expect(logged).toEqual(['no more disk']);
    await sound.close({ microgridId: 1 });
  });
});

describe('a store that cannot be used', () => {
  it('refuses the start, which may be tried again', async () => {
    const other = sqliteStore(path);
    await other.open({ microgridId: 1 });
    await using test = await startDispatcher({ store: sqliteStore(path), sync: false });
    await expect(test.dispatcher.start()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await other.close({ microgridId: 1 });
    await test.dispatcher.start();
    await test.dispatcher.ready();
  });

  it('is reported when it is damaged, and one beside it is used', async () => {
    await writeFile(path, 'not a database at all');
    await using test = await startDispatcher({ store: sqliteStore(path), dispatches: [dispatchRecord()] });
    expect(test.problems.map(({ code }) => code)).toEqual(['DATA_LOSS']);
    await test.dispatcher.stop();
    await using after = await restart(test);
    expect(after.dispatcher.dispatches.size).toBe(1);
  });

  it('gives way when one of its dispatches makes no sense', async () => {
    const store = sqliteStore(path);
    await store.open({ microgridId: 1 });
    const changes = (async function* () {
      yield [{ kind: 'kept', id: 5, stored: { state: 'flying', context: { dispatch: null } } as never } as const];
    })();
    await store.save({ microgridId: 1, replacesAll: true, synced: true, position: null, changes });
    await store.close({ microgridId: 1 });
    await using test = await startDispatcher({ store: sqliteStore(path), dispatches: [dispatchRecord()] });
    expect(test.problems.map(({ code }) => code)).toEqual(['DATA_LOSS']);
    expect(test.said()).toEqual(['1 created']);
    await test.dispatcher.stop();
    await using after = await restart(test);
    expect(after.problems).toEqual([]);
    expect([...after.dispatcher.dispatches.keys()]).toEqual([1]);
  });
});
