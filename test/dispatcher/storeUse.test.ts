import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createActor, setup } from 'xstate';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { dispatcherActors } from '../../src/dispatcher/dispatcherActors.js';
import { type Logger, silentLogger } from '../../src/logger.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { dispatchRecord, hourMs } from '../support/dispatchRecord.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { at } from '../support/time.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-use-'));
});

afterEach(() => rm(folder, { recursive: true }));

const running = (microgridId = 1) => dispatchRecord({ microgridId, startTimeMs: at('08:30'), durationMs: hourMs });

function dispatcherOn(store: DispatcherStore, microgridId = 1) {
  const clock = simulatedClock(at('09:00'));
  const transport = memoryTransport([running(microgridId)]);
  const dispatcher = new Dispatcher({ microgridId, transport, clock, store, logger: silentLogger });
  const heard: string[] = [];
  dispatcher.on('running', ({ change }) => heard.push(`${change?.kind}`));
  return { dispatcher, heard };
}

describe.each([
  ['in a file', () => sqliteStore(join(folder, 'dispatches.db'))],
  ['in memory', () => storeInMemory()],
])('a store %s that another dispatcher of the program uses', (_, makeStore) => {
  it('is refused until that one has closed it, and loses nothing', async () => {
    const store = makeStore();
    const first = dispatcherOn(store);
    await first.dispatcher.start();
    await first.dispatcher.ready();
    const second = dispatcherOn(store);
    await expect(second.dispatcher.start()).rejects.toMatchObject({ code: 'UNAVAILABLE', microgridId: 1 });
    expect([second.heard, second.dispatcher.status.state]).toEqual([[], 'new']);
    const stopped = first.dispatcher.stop();
    await expect(second.dispatcher.start()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await stopped;
    const restored = new Promise(resolve => second.dispatcher.on('restored', resolve));
    await second.dispatcher.start();
    expect(await restored).toBe(1);
    await second.dispatcher.stop();
  });

  it('is shared with a dispatcher of another microgrid', async () => {
    const store = makeStore();
    const [first, second] = [dispatcherOn(store), dispatcherOn(store, 2)];
    await first.dispatcher.start();
    await second.dispatcher.start();
    await Promise.all([first.dispatcher.ready(), second.dispatcher.ready()]);
    await first.dispatcher.stop();
    expect(second.heard).toEqual(['started']);
    await second.dispatcher.stop();
    const again = dispatcherOn(store, 2);
    const restored = new Promise(resolve => again.dispatcher.on('restored', resolve));
    await again.dispatcher.start();
    expect(await restored).toBe(1);
    await again.dispatcher.stop();
  });

  it('is waited for by an embedded dispatcher, which announces nothing before', async () => {
    const store = makeStore();
    const first = dispatcherOn(store);
    await first.dispatcher.start();
    await first.dispatcher.ready();
    const clock = simulatedClock(at('09:00'));
    const actors = dispatcherActors({ transport: memoryTransport([running()]), clock, store, logger: silentLogger });
    const plant = setup({ actors: { dispatcher: dispatcherMachine.provide({ actors }) } }).createMachine({
      invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
    });
    const root = createActor(plant).start();
    const dispatcher = root.getSnapshot().children.dispatcher;
    const heard: string[] = [];
    dispatcher?.on('*', ({ type }) => heard.push(type));
    await clock.settle();
    await clock.advanceBy(3_000);
    expect([dispatcher?.getSnapshot().value, heard]).toEqual(['starting', ['dispatcher.problem']]);
    await first.dispatcher.stop();
    await vi.waitFor(async () => {
      await clock.advanceBy(100);
      expect(dispatcher?.getSnapshot().value).toBe('live');
    });
    expect(heard).toContain('running.resumed');
    root.stop();
  });
});

describe('a store that cannot be opened', () => {
  it.each([
    ['in a folder that does not exist', () => join(folder, 'none', 'x.db'), 'there is no folder'],
    ['that is a folder', () => folder, 'it is a folder'],
  ])('%s is a problem, and the dispatcher follows without it', async (_, path, message) => {
    const { dispatcher, heard } = dispatcherOn(sqliteStore(path()));
    const problems: string[] = [];
    dispatcher.on('problem', problem => problems.push(problem.message));
    await dispatcher.start();
    await dispatcher.ready();
    expect(problems).toEqual([expect.stringContaining(message)]);
    expect([heard, dispatcher.status.state]).toEqual([['started'], 'live']);
    await dispatcher.stop();
  });
});

describe('a store that never answers', () => {
  it.each(['open', 'save', 'close'] as const)('does not keep stop() waiting for ever: %s', async call => {
    const store: DispatcherStore = { ...storeInMemory(), [call]: () => new Promise(() => {}) };
    const clock = simulatedClock(at('09:00'));
    const logged: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => logged.push(message) };
    const dispatcher = new Dispatcher({
      microgridId: 1,
      transport: memoryTransport([running()]),
      clock,
      store,
      logger,
    });
    const starting = dispatcher.start().catch(error => error);
    await clock.advanceBy(200);
    const stopping = dispatcher.stop();
    await clock.advanceBy(29_999);
    expect([dispatcher.status.state, logged]).toEqual(['stopping', []]);
    await clock.advanceBy(1);
    await stopping;
    expect([dispatcher.status.state, logged]).toEqual(['stopped', [expect.stringContaining('not closed within 30 s')]]);
    await (call === 'open' ? expect(starting).resolves.toMatchObject({ code: 'STOPPED' }) : starting);
  });
});
