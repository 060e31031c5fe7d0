import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InspectionEvent } from 'xstate';
import type { StoreSave } from '../../machines/protocol/dispatcherStore.js';
import type { DispatcherOptions } from '../../src/dispatcher/dispatcher.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { rehearsal } from '../../src/dispatcher/rehearsal.js';
import { processWarmUp, WarmUp } from '../../src/dispatcher/warmUp.js';
import { silentLogger } from '../../src/logger.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { dayMs, dispatchRecord, hourMs, monday10Ms } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { storeInMemory } from '../support/storeInMemory.js';

describe('a rehearsal', () => {
  it('plays as many dispatches each time, and a receiver gets the start and the stop of each', async () => {
    const { play } = rehearsal(monday10Ms);
    expect([await play(), await play(), await play()]).toEqual([64, 64, 64]);
  });

  it('has told its receiver of the end of a run when it is played', async () => {
    const played = rehearsal(monday10Ms);
    await played.play();
    expect(played.lastHeard?.change).toMatchObject({ kind: 'stopped', cause: 'schedule', lateMs: 0 });
  });
});

describe('a warm-up', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('plays bit by bit while nothing is due, and is done once', async () => {
    const warmUp = new WarmUp(() => 0);
    warmUp.use(() => Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(50);
    const played = [warmUp.notifications];
    // A slice at a time.
    while (!warmUp.isDone) {
      await vi.advanceTimersByTimeAsync(4);
      played.push(warmUp.notifications);
    }
    expect(played.length).toBeGreaterThan(2);
    expect(played).toEqual([...new Set(played)].sort((a, b) => a - b));
    // Others of this process may have timers, too.
    const timers = vi.getTimerCount();
    warmUp.use(() => Number.POSITIVE_INFINITY);
    expect(vi.getTimerCount()).toBe(timers);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(warmUp.notifications).toBe(played.at(-1));
  });

  it.each([
    ['something is due within a second', [999]],
    ['another dispatcher has something to do within a second', [hourMs, 999, Number.POSITIVE_INFINITY]],
    ['something is overdue', [-5]],
  ])('waits while %s, and goes on afterwards', async (_, times) => {
    const warmUp = new WarmUp(() => 0);
    let isSoon = true;
    for (const ms of times) warmUp.use(() => (isSoon ? ms : hourMs));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(warmUp.notifications).toBe(0);
    isSoon = false;
    await vi.advanceTimersByTimeAsync(100);
    expect(warmUp.notifications).toBeGreaterThan(0);
  });

  it('waits while the process is busy', async () => {
    let busyMs = 0;
    const warmUp = new WarmUp(() => {
      busyMs += 2;
      return busyMs;
    });
    warmUp.use(() => hourMs);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(warmUp.notifications).toBe(0);
  });

  it('ends when the last dispatcher stops, and goes on with the next one', async () => {
    const warmUp = new WarmUp(() => 0);
    const [undo, undoOther] = [warmUp.use(() => hourMs), warmUp.use(() => hourMs)];
    await vi.advanceTimersByTimeAsync(60);
    undo();
    expect(vi.getTimerCount()).toBe(1);
    undoOther();
    expect(vi.getTimerCount()).toBe(0);
    const { notifications } = warmUp;
    warmUp.use(() => hourMs);
    await vi.advanceTimersByTimeAsync(60);
    expect(warmUp.notifications).toBeGreaterThan(notifications);
  });
});

describe('the warm-up of a dispatcher', () => {
  const use = vi.spyOn(processWarmUp, 'use');
  const ofNow = { startTimeMs: Date.now() - hourMs, durationMs: dayMs };
  const options = (more: Partial<Pick<DispatcherOptions, 'clock' | 'inspect' | 'store' | 'warmUp'>> = {}) =>
    ({ microgridId: 1, transport: memoryTransport([dispatchRecord(ofNow)]), logger: silentLogger, ...more }) as const;

  afterEach(() => {
    use.mockClear();
  });

  it('is seen by no inspector, listener, receiver or store, and changes nothing of its dispatches', async () => {
    const inspected: InspectionEvent[] = [];
    const saves: StoreSave[] = [];
    const heard: unknown[] = [];
    const memory = storeInMemory();
    const store = {
      ...memory,
      save: (save: StoreSave) => {
        saves.push(save);
        return memory.save(save);
      },
    };
    await using dispatcher = new Dispatcher(options({ store, inspect: event => inspected.push(event) }));
    for (const name of ['lifecycle', 'running', 'missed', 'problem'] as const) {
      dispatcher.on(name, payload => heard.push(payload));
    }
    const receiver = dispatcher.runningStatusChange.newReceiver();
    await dispatcher.start();
    await dispatcher.ready();
    await vi.waitUntil(() => processWarmUp.isDone, { timeout: 25_000 });
    expect(processWarmUp.notifications).toBeGreaterThanOrEqual(4_000);
    expect(heard).toHaveLength(2);
    expect(receiver.coalesced).toBe(0);
    expect([...dispatcher.dispatches.keys()]).toEqual([1]);
    const seen = new Set(inspected.map(({ actorRef }) => actorRef.sessionId));
    expect(seen.size).toBe(6);
    expect(JSON.stringify(inspected.map(event => ('event' in event ? event.event : null)))).not.toContain('REHEARSAL');
    expect(saves.length).toBeLessThanOrEqual(1);
  });

  it('begins when the dispatcher is live, knows when something is due, and ends with it', async () => {
    const undo = vi.fn();
    use.mockReturnValueOnce(undo);
    const startTimeMs = Math.ceil(Date.now() / 1_000) * 1_000 + hourMs;
    const transport = memoryTransport([dispatchRecord({ startTimeMs })]);
    const release = transport.hold('list');
    const dispatcher = new Dispatcher({ ...options(), transport });
    await dispatcher.start();
    expect(use).not.toHaveBeenCalled();
    release();
    await dispatcher.ready();
    expect(use).toHaveBeenCalledTimes(1);
    const spareMs = use.mock.calls[0]?.[0]();
    expect(spareMs).toBeGreaterThan(0);
    expect(spareMs).toBeLessThanOrEqual(hourMs + 1_000);
    transport.delete(1);
    await vi.waitUntil(() => dispatcher.dispatches.size === 0);
    expect(use.mock.calls[0]?.[0]()).toBe(Number.POSITIVE_INFINITY);
    const liveAgain = new Promise<void>(resolve => {
      dispatcher.on('sync', ({ state }) => state === 'live' && resolve());
    });
    transport.cut();
    await liveAgain;
    expect(use).toHaveBeenCalledTimes(1);
    expect(undo).not.toHaveBeenCalled();
    await dispatcher.stop();
    expect(undo).toHaveBeenCalledTimes(1);
  });

  it('is left out with another clock, and when it is not wanted', async () => {
    await using _ = await startDispatcher();
    await using withCopy = new Dispatcher(options({ clock: simulatedClock(monday10Ms) }));
    await withCopy.start();
    await withCopy.ready();
    await using without = new Dispatcher(options({ warmUp: false }));
    await without.start();
    await without.ready();
    expect(use).not.toHaveBeenCalled();
  });
});
