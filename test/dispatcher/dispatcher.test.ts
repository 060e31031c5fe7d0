import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { type Dispatch, RunningState } from '../../src/dispatch.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import type { ListenerOptions } from '../../src/dispatcher/listeners.js';
import { type Logger, silentLogger } from '../../src/logger.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { daily, dispatchRecord, hourMs, minuteMs, version } from '../support/dispatchRecord.js';
import { describeEvent, drain, startDispatcher, type TestDispatcher } from '../support/startDispatcher.js';
import { at, show } from '../support/time.js';

function describeChange(dispatch: Dispatch): string {
  return `${dispatch.id} ${dispatch.change?.kind} ${dispatch.running('CHARGE')}`;
}

function recordingLogger(): Logger & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return { ...silentLogger, warn: (_, message) => warnings.push(message), warnings };
}

/** Changes dispatch 1 and lets the dispatcher notice it. */
async function change(test: TestDispatcher, changes: Partial<DispatchRecord>, n = 2): Promise<void> {
  test.transport.put(dispatchRecord({ ...changes, updateTime: version(n) }));
  await test.clock.settle();
}

describe('the changes that must reach runningStatusChange', () => {
  const rows: [string, Partial<DispatchRecord>, string[]][] = [
    ['the duration is modified', { durationMs: hourMs }, ['1 reconfigured RUNNING']],
    ['the duration is modified so that the end is reached', { durationMs: 5 * minuteMs }, ['1 stopped STOPPED']],
    ['the start time is modified into the future', { startTimeMs: at('11:00') }, ['1 stopped STOPPED']],
    [
      'the component selection changes',
      { selector: { categories: [{ category: 'BATTERY' }] } },
      ['1 reconfigured RUNNING'],
    ],
    ['the active status changes', { active: false }, ['1 stopped STOPPED']],
    ['the dry-run status changes', { dryRun: true }, ['1 reconfigured RUNNING']],
    ['the payload changes', { payload: { kw: 1 } }, ['1 reconfigured RUNNING']],
    ['the type changes', { type: 'HOLD' }, ['1 stopped STOPPED', '1 started DIFFERENT_TYPE']],
    ['nothing that concerns the run changes', { recurrence: daily() }, []],
  ];

  it.each(rows)('%s', async (_, changes, expected) => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    const receiver = test.dispatcher.runningStatusChange.newReceiver();
    await test.clock.advanceTo(at('10:10'));
    expect((await drain(receiver)).map(describeChange)).toEqual(['1 started RUNNING']);
    await change(test, changes);
    expect((await drain(receiver)).map(describeChange)).toEqual(expected);
  });

  it('the scheduled start is reached; the scheduled end sends nothing', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ recurrence: daily({ count: 2 }) })] });
    const plain = test.dispatcher.runningStatusChange.newReceiver();
    const full = test.dispatcher.runningStatusChange.newReceiver({ includeScheduledEnd: true });
    await test.clock.advanceTo(at('Wed 12:00'));
    expect((await drain(plain)).map(({ change }) => change?.kind)).toEqual(['started', 'started']);
    expect((await drain(full)).map(({ change }) => change?.kind)).toEqual(['started', 'stopped', 'started', 'stopped']);
  });

  it('the dispatch is deleted', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()], now: '10:10' });
    const receiver = test.dispatcher.runningStatusChange.newReceiver();
    test.transport.delete(1);
    await test.clock.settle();
    // The replay of the running dispatch gave way.
    expect((await drain(receiver)).map(describeChange)).toEqual(['1 stopped STOPPED']);
  });
});

describe('a dispatch that a channel delivers', () => {
  it('answers as of now, with the clock of its dispatcher', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    const receiver = test.dispatcher.runningStatusChange.newReceiver();
    await test.clock.advanceTo(at('10:00'));
    const started = await receiver.receive();
    expect(started?.running('CHARGE')).toBe(RunningState.RUNNING);
    expect(started?.running('HOLD')).toBe(RunningState.DIFFERENT_TYPE);
    expect(started?.until).toEqual(new Date(at('10:30')));
    expect(started?.change).toEqual({
      kind: 'started',
      run: { startMs: at('10:00'), endMs: at('10:30') },
      cause: 'schedule',
      atMs: at('10:00'),
      lateMs: 0,
    });
    await test.clock.advanceTo(at('10:30'));
    expect(started?.running('CHARGE')).toBe(RunningState.STOPPED);
  });

  it('of a stop never answers that it runs', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()], now: '10:10' });
    const receiver = test.dispatcher.runningStatusChange.newReceiver();
    await change(test, { startTimeMs: at('11:00') });
    const stopped = await receiver.receive();
    await test.clock.advanceTo(at('11:10'));
    expect(stopped?.running('CHARGE')).toBe(RunningState.STOPPED);
    expect(test.dispatcher.dispatches.get(1)?.running('CHARGE')).toBe(RunningState.RUNNING);
  });

  it('knows when a late start was noticed, also when it is deleted', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    const deleted: (Date | null)[] = [];
    test.dispatcher.on('lifecycle', ({ type, dispatch }) => {
      if (type === 'deleted') deleted.push(dispatch.runningStateChangeSynced);
    });
    test.clock.suspend(hourMs + 5 * minuteMs);
    await test.clock.advanceBy(1000);
    expect(test.dispatcher.dispatches.get(1)?.runningStateChangeSynced).toEqual(new Date(at('10:05:01')));
    test.transport.delete(1);
    await test.clock.settle();
    expect(deleted).toEqual([new Date(at('10:05:01'))]);
  });

  it('knows when its running state was notified last, and what was missed since', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ recurrence: daily() })] });
    expect(test.dispatcher.dispatches.get(1)?.runningStateChangeSynced).toBeNull();
    await test.clock.advanceTo(at('10:30'));
    expect(test.dispatcher.dispatches.get(1)?.runningStateChangeSynced).toEqual(new Date(at('10:30')));
    const missed: { count: number; first: Date }[] = [];
    test.dispatcher.on('missed', event => missed.push(event));
    test.clock.suspend(2 * 24 * hourMs);
    const dispatch = test.dispatcher.dispatches.get(1);
    expect([...(dispatch?.missedRuns() ?? [])].map(start => show(start.getTime()))).toEqual(['Tue 10:00', 'Wed 10:00']);
    expect([...(dispatch?.missedRuns({ limit: 1 }) ?? [])]).toHaveLength(1);
    await test.clock.advanceBy(1000);
    expect(missed).toMatchObject([
      { count: 2, more: false, first: new Date(at('Tue 10:00')), last: new Date(at('Wed 10:00')) },
    ]);
  });
});

describe('receivers', () => {
  it('get what runs when they come late; nobody else gets it again', async () => {
    await using test = await startDispatcher({
      dispatches: [dispatchRecord(), dispatchRecord({ id: 2 }), dispatchRecord({ id: 3, active: false })],
      now: '10:10',
    });
    const first = test.dispatcher.runningStatusChange.newReceiver();
    expect((await drain(first)).map(describeChange)).toEqual(['1 started RUNNING', '2 started RUNNING']);
    const second = test.dispatcher.runningStatusChange.newReceiver();
    expect(await drain(second)).toHaveLength(2);
    expect(await drain(first)).toEqual([]);
  });

  it('that come late are not told of what stopped before they were read', async () => {
    const dispatches = [dispatchRecord(), dispatchRecord({ id: 2, durationMs: hourMs })];
    await using test = await startDispatcher({ dispatches, now: '10:10' });
    const receiver = test.dispatcher.runningStatusChange.newReceiver();
    const full = test.dispatcher.runningStatusChange.newReceiver({ includeScheduledEnd: true });
    test.transport.put(dispatchRecord({ id: 3, startTimeMs: at('10:20'), updateTime: version(1) }));
    await test.clock.advanceTo(at('10:40'));
    expect((await drain(receiver)).map(describeChange)).toEqual(['2 started RUNNING', '3 started RUNNING']);
    expect((await drain(full)).map(describeChange)).toEqual([
      '2 started RUNNING',
      '3 started RUNNING',
      '1 stopped STOPPED',
    ]);
  });

  it('lose no final state however slowly they are read', async () => {
    const logger = recordingLogger();
    const dispatches = Array.from({ length: 20 }, (_, i) =>
      dispatchRecord({ id: i + 1, startTimeMs: at('08:50'), durationMs: null }),
    );
    await using test = await startDispatcher({ dispatches, logger });
    const slow = test.dispatcher.runningStatusChange.newReceiver({ name: 'slow', limit: 5 });
    const fast = test.dispatcher.runningStatusChange.newReceiver({ limit: 100_000 });
    const fastChanges: Dispatch[] = await drain(fast);
    for (let n = 2; n < 102; n++) {
      for (const dispatch of dispatches) test.transport.put({ ...dispatch, payload: { n }, updateTime: version(n) });
      await test.clock.settle();
      fastChanges.push(...(await drain(fast)));
    }
    expect(fastChanges).toHaveLength(20 + 20 * 100);
    expect(fast.coalesced).toBe(0);
    const held = await drain(slow);
    expect(held.length).toBeLessThanOrEqual(25);
    const last = new Map(held.map(dispatch => [dispatch.id, dispatch.payload]));
    expect([...last.keys()].sort((a, b) => a - b)).toEqual(dispatches.map(({ id }) => id));
    expect(new Set([...last.values()].map(payload => payload.n))).toEqual(new Set([101]));
    expect(slow.coalesced).toBe(2000 - held.length);
    expect(logger.warnings).toEqual(['receiver is slow: its items are coalesced']);
  });

  it('tell a slow reader of both sides of a change of type', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()], now: '10:10' });
    const receiver = test.dispatcher.runningStatusChange.newReceiver({ limit: 1 });
    await drain(receiver);
    await change(test, { payload: { kw: 1 } });
    await change(test, { type: 'HOLD' }, 3);
    const states = (await drain(receiver)).map(({ type, change }) => `${type} ${change?.kind}`);
    expect(states).toEqual(['CHARGE stopped', 'HOLD started']);
  });

  it('of lifecycle events keep apart the dispatches that have an id one after the other', async () => {
    const first = dispatchRecord({ createTime: version(1), updateTime: version(1) });
    await using test = await startDispatcher({ dispatches: [first, dispatchRecord({ id: 2 })] });
    const receiver = test.dispatcher.lifecycleEvents.newReceiver({ limit: 1 });
    test.transport.put(dispatchRecord({ id: 2, payload: { kw: 1 }, updateTime: version(2) }));
    test.transport.delete(1);
    await test.clock.settle();
    test.transport.put({ ...first, createTime: version(5), updateTime: version(5) });
    await test.clock.settle();
    const events = (await drain(receiver)).map(({ type, dispatch }) => `${type} ${dispatch.id}`);
    expect(events).toEqual(['updated 2', 'deleted 1', 'created 1']);
  });

  it('of lifecycle events get what several amount to', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ id: 9 })] });
    const receiver = test.dispatcher.lifecycleEvents.newReceiver({ limit: 1 });
    const put = (id: number, n: number) =>
      test.transport.put(dispatchRecord({ id, updateTime: version(n), payload: { n } }));
    put(9, 2);
    put(1, 2);
    put(1, 3);
    put(2, 2);
    test.transport.delete(2);
    put(9, 3);
    put(9, 4);
    await test.clock.settle();
    const events = await drain(receiver);
    expect(events.map(describeEvent)).toEqual(['1 created', '9 updated']);
    expect(events.map(({ dispatch }) => dispatch.payload)).toEqual([{ n: 3 }, { n: 4 }]);
  });

  it('end when they are closed, and when the dispatcher stops', async () => {
    await using test = await startDispatcher();
    const one = test.dispatcher.runningStatusChange.newReceiver();
    const two = test.dispatcher.lifecycleEvents.newReceiver();
    const loop = (async () => {
      for await (const _ of two) throw new Error('nothing was sent');
      return 'ended';
    })();
    const pending = one.receive();
    one.close();
    expect(await pending).toBeUndefined();
    expect(await one.receive()).toBeUndefined();
    await test.dispatcher.stop();
    expect(await loop).toBe('ended');
    expect(await test.dispatcher.lifecycleEvents.newReceiver().receive()).toBeUndefined();
  });

  it('are closed by leaving their loop: by break, and by an exception', async () => {
    const dispatches = [1, 2, 3].map(id => dispatchRecord({ id, startTimeMs: at('08:50') }));
    await using test = await startDispatcher({ dispatches });
    const broken = test.dispatcher.runningStatusChange.newReceiver({ limit: 1 });
    for await (const { id } of broken) if (id === 1) break;
    const thrown = test.dispatcher.runningStatusChange.newReceiver();
    const loop = async () => {
      for await (const _ of thrown) throw new Error('the consumer broke');
    };
    await expect(loop()).rejects.toThrow('the consumer broke');
    for (let n = 2; n < 10; n++) await change(test, { payload: { n } }, n);
    expect(await Promise.all([broken.receive(), thrown.receive()])).toEqual([undefined, undefined]);
    expect(broken.coalesced).toBe(0);
  });

  it('are closed by their loop also while it waits', async () => {
    await using test = await startDispatcher();
    const iterator = test.dispatcher.lifecycleEvents.newReceiver()[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('are closed by a signal, before and after', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()], now: '10:10' });
    const controller = new AbortController();
    const { signal } = controller;
    const closed = test.dispatcher.runningStatusChange.newReceiver({ signal });
    closed.close();
    const open = test.dispatcher.runningStatusChange.newReceiver({ signal, name: undefined, limit: undefined });
    await open.receive();
    const pending = open.receive();
    controller.abort();
    expect(await pending).toBeUndefined();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(await test.dispatcher.runningStatusChange.newReceiver({ signal }).receive()).toBeUndefined();
  });

  it('share a signal with each other and with listeners, any number of them', async () => {
    await using test = await startDispatcher({ sync: false });
    const controller = new AbortController();
    const { signal } = controller;
    const receivers = Array.from({ length: 20 }, () => test.dispatcher.lifecycleEvents.newReceiver({ signal }));
    const received = receivers.map(receiver => receiver.receive({ signal }).catch(error => error));
    const undos = Array.from({ length: 20 }, () => test.dispatcher.on('sync', () => {}, { signal }));
    const ready = Array.from({ length: 20 }, () => test.dispatcher.ready({ signal }).catch(error => error));
    // Node.js takes more than ten listeners of a signal for a leak.
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const undo of undos) undo();
    receivers[0]?.close();
    expect(await received[0]).toBeUndefined();
    controller.abort();
    expect(new Set(await Promise.all([...received.slice(1), ...ready]))).toEqual(new Set([signal.reason, undefined]));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('and their channels cannot be driven by those who hold them', async () => {
    await using test = await startDispatcher();
    const channel = test.dispatcher.runningStatusChange;
    expect(Object.keys(channel)).toEqual(['newReceiver']);
    expect(Object.keys(channel.newReceiver()).sort()).toEqual(['close', 'coalesced', 'receive']);
  });

  it('refuse a limit that is none', async () => {
    await using test = await startDispatcher();
    expect(() => test.dispatcher.lifecycleEvents.newReceiver({ limit: 0 })).toThrow(
      new RangeError('limit must be a positive integer, not 0'),
    );
  });
});

describe('listeners', () => {
  it('that throw are reported, and harm no other', async () => {
    await using test = await startDispatcher();
    const seen: string[] = [];
    test.dispatcher.on('lifecycle', () => {
      throw new Error('broken');
    });
    test.dispatcher.on('lifecycle', async () => {
      throw new Error('broken later');
    });
    test.dispatcher.on('lifecycle', event => seen.push(event.type));
    test.transport.put(dispatchRecord());
    await test.clock.settle();
    expect(seen).toEqual(['created']);
    expect(test.problems.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "CONSUMER_FAILED a listener of 'lifecycle' failed: broken",
      "CONSUMER_FAILED a listener of 'lifecycle' failed: broken later",
    ]);
  });

  it('of problems that throw are logged, as are problems that nobody listens for', async () => {
    const logger = recordingLogger();
    const dispatcher = new Dispatcher({ microgridId: 1, transport: memoryTransport(), logger });
    const stop = dispatcher.on('problem', () => {
      throw new Error('broken');
    });
    dispatcher.on('sync', () => {
      throw new Error('first');
    });
    await dispatcher.start();
    stop();
    await dispatcher.stop();
    expect(logger.warnings).toContain("a listener of 'problem' failed: broken");
    expect(logger.warnings).toContain("a listener of 'sync' failed: first");
  });

  it('are told no more after their undo', async () => {
    await using test = await startDispatcher();
    const listener = vi.fn();
    test.dispatcher.on('lifecycle', listener)();
    test.transport.put(dispatchRecord());
    await test.clock.settle();
    expect(listener).not.toHaveBeenCalled();
  });
});

describe('the options of a listener', () => {
  it('end it by a signal, and after its first call', async () => {
    await using test = await startDispatcher();
    const controller = new AbortController();
    const { signal } = controller;
    const heard: string[] = [];
    const on = (name: string, options: ListenerOptions) =>
      test.dispatcher.on('lifecycle', ({ dispatch }) => heard.push(`${name} ${dispatch.id}`), options);
    on('by signal', { signal });
    on('once', { once: true });
    on('never', { signal: AbortSignal.abort() });
    on('always', { signal: undefined, once: undefined });
    test.transport.put(dispatchRecord({ id: 1 }));
    await test.clock.settle();
    controller.abort();
    test.transport.put(dispatchRecord({ id: 2 }));
    await test.clock.settle();
    expect(heard).toEqual(['by signal 1', 'once 1', 'always 1', 'always 2']);
  });

  it('let one listener end another before its turn', async () => {
    await using test = await startDispatcher();
    const second = vi.fn();
    test.dispatcher.on('lifecycle', () => undo());
    const undo = test.dispatcher.on('lifecycle', second);
    test.transport.put(dispatchRecord());
    await test.clock.settle();
    expect(second).not.toHaveBeenCalled();
  });
});

describe('the life of a dispatcher', () => {
  it('ends when its actor is stopped from outside', async () => {
    await using test = await startDispatcher();
    const receiver = test.dispatcher.runningStatusChange.newReceiver();
    const pending = receiver.receive();
    const ready = test.dispatcher.ready();
    const states: string[] = [];
    test.dispatcher.on('sync', ({ state }) => states.push(state));
    test.dispatcher.actor.stop();
    expect(test.dispatcher.status.state).toBe('stopped');
    expect(states).toEqual(['stopped']);
    expect(await pending).toBeUndefined();
    await ready;
    await test.dispatcher.stop();
    expect({ timers: test.clock.pendingTimers, streams: test.transport.openStreams }).toEqual({
      timers: 0,
      streams: 0,
    });
  });

  it('tells the problem that ended it', async () => {
    await using test = await startDispatcher();
    test.dispatcher.actor.send({ type: 'xstate.error.actor.timer', error: new Error('no clock') });
    const message = 'the dispatcher stopped because its timer failed: no clock';
    expect(test.dispatcher.status).toMatchObject({ state: 'stopped', problem: { code: 'INTERNAL', message } });
    expect(test.problems).toMatchObject([{ message }]);
  });

  it('goes on when the inspector throws, which is told once', async () => {
    const problems: string[] = [];
    const clock = simulatedClock(at('09:00'));
    const dispatcher = new Dispatcher({
      microgridId: 1,
      transport: memoryTransport([1, 2].map(id => dispatchRecord({ id }))),
      clock,
      logger: silentLogger,
      inspect: () => {
        if (clock.nowMs() >= at('10:00')) throw new Error('the inspector broke');
      },
    });
    dispatcher.on('problem', ({ message }) => problems.push(message));
    const changes: string[] = [];
    dispatcher.on('running', dispatch => changes.push(`${dispatch.id} ${dispatch.change?.kind}`));
    await dispatcher.start();
    await clock.advanceTo(at('11:00'));
    expect(changes).toEqual(['1 started', '2 started', '1 stopped', '2 stopped']);
    expect(problems).toEqual(['the inspector failed: the inspector broke']);
    await dispatcher.stop();
  });

  it('is refused a beginning that is wrong, and ends by it', async () => {
    await using other = await startDispatcher({ dispatches: [dispatchRecord()] });
    await other.dispatcher.stop();
    const snapshot = JSON.parse(JSON.stringify(other.dispatcher.actor.getPersistedSnapshot()));
    await using test = await startDispatcher({ sync: false, snapshot });
    const ready = expect(test.dispatcher.ready()).rejects.toMatchObject({ code: 'STOPPED' });
    await expect(test.dispatcher.start()).rejects.toMatchObject({
      field: 'snapshot',
      message: expect.stringMatching(/stopped/),
    });
    await ready;
    await expect(test.dispatcher.start()).rejects.toMatchObject({ code: 'STOPPED', cause: { field: 'snapshot' } });
    expect(test.dispatcher.status).toMatchObject({ state: 'stopped', problem: { field: 'snapshot' } });
    expect(test.dispatcher.dispatches.size).toBe(0);
  });

  it('is ready when the first sync is done', async () => {
    await using test = await startDispatcher({ sync: false });
    const release = test.transport.hold('list');
    await test.dispatcher.start();
    let isReady = false;
    const ready = test.dispatcher.ready().then(() => {
      isReady = true;
    });
    await test.clock.settle();
    expect(isReady).toBe(false);
    release();
    await ready;
    test.transport.cut();
    await test.dispatcher.ready();
  });

  it('lets those who wait for it give up', async () => {
    await using test = await startDispatcher({ sync: false });
    test.transport.failNext('watch', new DispatchError('UNAVAILABLE', 'the service is down'));
    test.transport.hold('watch');
    await test.dispatcher.start();
    const late = expect(test.dispatcher.ready({ timeoutMs: 500 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await test.clock.advanceBy(500);
    await late;
    const controller = new AbortController();
    const ready = test.dispatcher.ready({ signal: controller.signal });
    controller.abort(new Error('no patience'));
    await expect(ready).rejects.toThrow('no patience');
    const stopped = test.dispatcher.ready();
    await test.dispatcher.stop();
    await expect(stopped).rejects.toMatchObject({ code: 'STOPPED' });
    await expect(test.dispatcher.ready()).rejects.toMatchObject({ code: 'STOPPED' });
    await expect(test.dispatcher.start()).rejects.toMatchObject({ code: 'STOPPED' });
  });

  it('closes its stream and leaves no timer when it is stopped', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    expect(test.transport.openStreams).toBe(1);
    // One for the agenda, one for the hourly list.
    expect(test.clock.pendingTimers).toBe(2);
    test.said();
    await test.dispatcher.stop();
    expect(test.transport.openStreams).toBe(0);
    expect(test.clock.pendingTimers).toBe(0);
    await test.clock.advanceTo(at('11:00'));
    expect(test.said()).toEqual([]);
    expect(test.dispatcher.status.state).toBe('stopped');
  });

  it('can be stopped by a listener, in the middle of a burst', async () => {
    const dispatches = Array.from({ length: 200 }, (_, i) => dispatchRecord({ id: i + 1 }));
    await using test = await startDispatcher({ dispatches });
    const heard: number[] = [];
    test.dispatcher.on('running', ({ id }) => {
      heard.push(id);
      if (id === 3) void test.dispatcher.stop();
    });
    await test.clock.advanceTo(at('10:00'));
    expect(heard).toEqual([1, 2, 3]);
    expect(test.clock.pendingTimers).toBe(0);
    expect(test.dispatcher.status.state).toBe('stopped');
  });

  it('leaves no timer when it is stopped while it waits to connect again', async () => {
    await using test = await startDispatcher();
    for (let i = 0; i < 10; i++) test.transport.failNext('watch', new DispatchError('UNAVAILABLE', 'down'));
    test.transport.cut();
    await test.clock.advanceBy(5000);
    expect(test.dispatcher.status.state).toBe('waiting');
    await test.dispatcher.stop();
    expect(test.clock.pendingTimers).toBe(0);
  });

  it('is not live while its stream is refused, and lists all the same', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()], sync: false });
    for (let i = 0; i < 3; i++) test.transport.failNext('watch', new DispatchError('UNAVAILABLE', 'no stream'));
    const statuses: string[] = [];
    test.dispatcher.on('sync', ({ state }) => statuses.push(state));
    await test.dispatcher.start();
    await test.clock.settle();
    expect(statuses).toEqual(['connecting', 'catchingUp', 'waiting']);
    expect(test.said()).toEqual(['1 created']);
  });

  it('refuses a microgrid that is none', () => {
    expect(() => new Dispatcher({ microgridId: 1.5, transport: memoryTransport() })).toThrow(
      'microgridId must be an integer',
    );
  });

  it('can be stopped before it was started', async () => {
    const dispatcher = new Dispatcher({ microgridId: 1, transport: memoryTransport() });
    const ready = dispatcher.ready();
    await dispatcher.stop();
    await expect(ready).rejects.toMatchObject({ code: 'STOPPED' });
  });

  it('shows the present set as a map', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord(), dispatchRecord({ id: 2 })] });
    const { dispatches } = test.dispatcher;
    expect(dispatches.size).toBe(2);
    expect(dispatches.has(2)).toBe(true);
    expect(dispatches.get(3)).toBeUndefined();
    expect([...dispatches.values()].map(({ id }) => id)).toEqual([1, 2]);
    expect([...dispatches].map(([id]) => id)).toEqual([1, 2]);
    const ids: number[] = [];
    dispatches.forEach((dispatch, id) => {
      ids.push(id + dispatch.id);
    });
    expect(ids).toEqual([2, 4]);
  });
});
