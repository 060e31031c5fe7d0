import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Dispatcher } from '../../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../../src/logger.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { at } from '../time.js';
import { type Beginning, records, type Snapshots } from './beginnings.js';
import { endings, type World } from './endings.js';
import { observerFailure, throwers } from './throwers.js';

/** Tests dispatchers that begin in some ways, end in every way, while everybody throws in turn. */
export function describeLives(beginnings: Readonly<Record<string, (snapshots: Snapshots) => Beginning>>): void {
  const rows = Object.entries(beginnings).flatMap(([name, begin]) =>
    Object.keys(endings).map(end => [name, end, begin] as const),
  );
  let snapshots: Snapshots;
  // What a logger that throws cannot log goes to the console.
  const consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
  beforeAll(async () => {
    const [own, { live: other }] = await Promise.all([snapshotsOf(1), snapshotsOf(2)]);
    snapshots = { ...own, other };
  });
  // The machines report what an observer of the actor system threw as uncaught, as XState does.
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  const listeners = process.listeners('unhandledRejection');
  beforeAll(() => void process.removeAllListeners('unhandledRejection').on('unhandledRejection', note));
  afterAll(() => {
    consoleError.mockRestore();
    process.off('unhandledRejection', note);
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });

  describe('a dispatcher, whoever throws,', () => {
    it.each(rows)('that begins from %s and ends by %s leaves nothing behind', async (_, end, begin) => {
      const failures: string[] = [];
      for (const thrower of Object.keys(throwers)) {
        try {
          await playLife({ begin, end, thrower }, snapshots);
        } catch (error) {
          failures.push(`${thrower} throws: ${(error as Error).message}`);
        }
      }
      expect(failures.join('\n')).toBe('');
      expect(uncaught.splice(0).filter(error => error !== observerFailure)).toEqual([]);
    });
  });
}

/** An end that has not come after so many turns of the event loop will not come. */
const maxTurns = 2_000;
const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve));

/** One cell of the table. */
interface Cell {
  readonly begin: (snapshots: Snapshots) => Beginning;
  readonly end: keyof typeof endings;
  readonly thrower: keyof typeof throwers;
}

/** Plays the life of a dispatcher and asserts what must hold whatever happened. */
async function playLife({ begin, end, thrower }: Cell, snapshots: Snapshots): Promise<void> {
  const clock = simulatedClock(at('09:00'));
  const transport = memoryTransport(records);
  const logged: string[] = [];
  const warn = (_: object, message: string) => void logged.push(message);
  const logger = { ...silentLogger, warn, error: warn };
  const { says, refusal, ids = [1, 2, 3], ...beginning } = begin(snapshots);
  const ending = endings[end];
  const { options = () => ({}), listen, isDeaf = false } = throwers[thrower] ?? {};
  const dispatcher = new Dispatcher({
    microgridId: 1,
    transport,
    clock,
    logger,
    ...beginning,
    ...options({ transport, clock }),
  });

  const heard: string[] = [];
  const told: string[] = [];
  let heardBeforeStop: number | undefined;
  for (const name of ['lifecycle', 'running', 'missed', 'restored'] as const) {
    dispatcher.on(name, () => heard.push(name));
  }
  dispatcher.on('problem', ({ message }) => {
    heard.push('problem');
    told.push(message);
  });
  dispatcher.on('sync', ({ state }) => heard.push(state));
  listen?.(dispatcher);

  const receivers = [
    dispatcher.runningStatusChange.newReceiver(),
    dispatcher.lifecycleEvents.newReceiver(),
    dispatcher.lifecycleEvents.newReceiver({ limit: 1 }),
  ] as const;
  const loop = watched(
    (async () => {
      for await (const _ of receivers[1]) throw new Error('the consumer broke');
    })(),
  );
  const received: (number | undefined)[] = [];
  const reading = watched(
    (async () => {
      for await (const { id } of receivers[0]) received.push(id);
    })(),
  );
  const ready = watched(dispatcher.ready());
  const starts: ReturnType<typeof watched<void>>[] = [];
  const stops: ReturnType<typeof watched<void>>[] = [];
  const world: World = {
    clock,
    transport,
    dispatcher,
    start: async () => {
      const first = dispatcher.start();
      starts.push(watched(first));
      await first.catch(async error => {
        if (!(error instanceof DispatchError) || error.code !== 'UNAVAILABLE') throw error;
        const second = dispatcher.start();
        starts.push(watched(second));
        await second;
      });
    },
    stop: () => {
      heardBeforeStop ??= heard.length;
      const stop = dispatcher.stop();
      stops.push(watched(stop));
      return stop;
    },
  };

  const played = watched((async () => ending?.play(world))());
  for (let turns = 0; played.outcome === undefined && turns < maxTurns; turns++) await nextTurn();
  const idsAtEnd = [...dispatcher.dispatches.keys()];
  await clock.advanceBy(120_000);
  const late = watched(dispatcher.start());
  stops.push(watched(dispatcher.stop()));
  const after = watched(dispatcher.runningStatusChange.newReceiver().receive());
  await clock.settle();

  // Promises settle.
  expect(played.outcome).toEqual({ value: undefined });
  for (const watch of [...starts, ...stops, ready, loop, reading, late, after]) expect(watch.outcome).toBeDefined();
  for (const { outcome } of stops) expect(outcome).toEqual({ value: undefined });
  expect(late.outcome).toMatchObject({ error: { code: 'STOPPED' } });
  expect(after.outcome).toEqual({ value: undefined });
  expect(await receivers[2].receive()).toBeUndefined();
  // Status tells the truth.
  expect(dispatcher.status).toMatchObject({ state: 'stopped', retryAtMs: null });
  // Listeners hear of the end once, and nothing after it.
  expect(heard.filter(entry => entry === 'stopped')).toHaveLength(1);
  expect(heard.at(-1)).toBe('stopped');
  if (heardBeforeStop !== undefined)
    expect(heard.slice(heardBeforeStop).filter(entry => entry !== 'stopped')).toEqual([]);
  // Nothing is left.
  expect({ timers: clock.pendingTimers, streams: transport.openStreams }).toEqual({ timers: 0, streams: 0 });
  const { store } = beginning;
  if (store !== undefined) {
    expect({ opened: store.opened, closed: store.closed, outOfTurn: store.outOfTurn }).toEqual({
      opened: store.opened,
      closed: store.opened,
      outOfTurn: [],
    });
    expect(store.opened).toBeLessThanOrEqual(1);
  }
  // What was wrong is said by name.
  const rejections = starts.flatMap(({ outcome }) => (outcome && 'error' in outcome ? [String(outcome.error)] : []));
  const wasStarted = starts.length > 0;
  if (refusal !== undefined && wasStarted) {
    expect(rejections[0]).toMatch(refusal);
    expect(dispatcher.status.problem).toMatchObject({ field: 'snapshot' });
    expect(transport.openStreams + (store?.opened ?? 0)).toBe(0);
  }
  if (refusal !== undefined || isDeaf || !ending?.followed) return;
  const all = [...told, ...logged, ...rejections].join('\n');
  if (says !== undefined && thrower !== 'the logger') expect(all).toMatch(says);
  // One bad dispatch costs only itself, and the service brings it again.
  expect(idsAtEnd.sort()).toEqual(ids);
  expect(received.sort()).toEqual([1, 3]);
}

async function snapshotsOf(microgridId: number): Promise<{ live: string; stopped: string }> {
  const transport = memoryTransport(records.map(record => ({ ...record, microgridId })));
  const dispatcher = new Dispatcher({
    microgridId,
    transport,
    clock: simulatedClock(at('09:00')),
    logger: silentLogger,
  });
  await dispatcher.start();
  await dispatcher.ready();
  const live = JSON.stringify(dispatcher.actor.getPersistedSnapshot());
  await dispatcher.stop();
  return { live, stopped: JSON.stringify(dispatcher.actor.getPersistedSnapshot()) };
}

/** What became of a promise: undefined while it is pending. */
function watched<T>(promise: Promise<T>): { outcome?: { value: T } | { error: unknown } } {
  const watch: { outcome?: { value: T } | { error: unknown } } = {};
  promise.then(
    value => {
      watch.outcome = { value };
    },
    error => {
      watch.outcome = { error };
    },
  );
  return watch;
}
