import { describe, expect, it } from 'vitest';
import { cancel, createActor, emit, raise, setup } from 'xstate';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { DispatcherOutput } from '../../machines/protocol/dispatcherOutput.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { dispatcherActors } from '../../src/dispatcher/dispatcherActors.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { type MemoryTransport, memoryTransport } from '../../src/testing/memoryTransport.js';
import { recordNotifications } from '../../src/testing/recordNotifications.js';
import { type SimulatedClock, simulatedClock } from '../../src/testing/simulatedClock.js';
import { startTestService } from '../../src/testing/startTestService.js';
import { dispatchRecord, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { runProgram } from '../support/program.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

describe('the simulated clock', () => {
  /** A clock that notes when its timers fire: wall clock and monotonic clock since the start. */
  function noting(options = {}) {
    const clock = simulatedClock(at('09:00'), options);
    const fired: [name: string, wallMs: number, monotonicMs: number][] = [];
    const set = (name: string, delayMs: number) =>
      clock.setTimer(() => fired.push([name, clock.nowMs() - at('09:00'), clock.monotonicMs()]), delayMs);
    return { clock, fired, set };
  }

  it('fires every due timer in order, each at its time', async () => {
    const { clock, fired, set } = noting();
    set('second', 20);
    set('first', 10);
    set('at the same time', 20);
    set('not yet', 31);
    set('undone', 5)();
    clock.setTimer(() => set('from a timer', 5), 20);
    await clock.advanceBy(30);
    expect(fired).toEqual([
      ['first', 10, 10],
      ['second', 20, 20],
      ['at the same time', 20, 20],
      ['from a timer', 25, 25],
    ]);
    expect(clock.pendingTimers).toBe(1);
    expect(clock.nowMs()).toBe(at('09:00') + 30);
  });

  it('lets what follows from a timer happen before the next one fires', async () => {
    const clock = simulatedClock(0);
    const order: string[] = [];
    clock.setTimer(async () => {
      await null;
      await null;
      clock.yield(() => order.push('after a turn'));
      order.push('after promises');
    }, 1);
    clock.setTimer(() => order.push('next timer'), 2);
    await clock.advanceTo(2);
    expect(order).toEqual(['after promises', 'after a turn', 'next timer']);
  });

  it('fires no timer because the wall clock jumps, the machine sleeps or the program is busy', async () => {
    const { clock, fired, set } = noting();
    set('timer', 1000);
    clock.step(-hourMs);
    clock.suspend(hourMs);
    clock.step(minuteMs);
    await clock.settle();
    expect([clock.nowMs() - at('09:00'), clock.monotonicMs()]).toEqual([minuteMs, 0]);
    clock.stall(1500);
    expect(fired).toEqual([]);
    await clock.advanceBy(0);
    expect(fired).toEqual([['timer', minuteMs + 1500, 1500]]);
  });

  it('fires timers early when a test wants that, but not for ever', async () => {
    const { clock, fired, set } = noting({ earlyMs: 3 });
    set('early', 10);
    set('in time', 3);
    await clock.advanceBy(10);
    expect(fired).toEqual([
      ['in time', 3, 3],
      ['early', 7, 7],
    ]);
  });

  it('refuses time that passes backwards', async () => {
    const clock = simulatedClock(1000);
    await expect(clock.advanceTo(999)).rejects.toThrow(
      new RangeError('ms must be 1000 (now) or later, got 999; to set the wall clock back, use step()'),
    );
    expect(() => clock.suspend(-1)).toThrow(
      new RangeError('ms must be 0 or more, got -1; to set the wall clock back, use step()'),
    );
    expect(() => clock.stall(Number.NaN)).toThrow(RangeError);
  });
});

describe('the simulated clock of XState', () => {
  /** Charges while dispatch 1 runs, but no longer than ten minutes at a time; warns 30 seconds after each start. */
  const charger = (transport: MemoryTransport, clock: SimulatedClock) =>
    setup({
      types: { events: {} as DispatcherOutput | { type: 'warn' }, emitted: {} as { type: 'said'; line: string } },
      actors: { dispatcher: dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock }) }) },
      actions: {
        say: emit((_, line: string) => ({ type: 'said' as const, line })),
        warnSoon: raise({ type: 'warn' }, { delay: 30_000, id: 'warning' }),
      },
      delays: { longest: 10 * minuteMs },
    }).createMachine({
      invoke: { src: 'dispatcher', input: { microgridId: 1 } },
      initial: 'off',
      states: {
        off: { entry: { type: 'say', params: 'off' }, on: { 'running.started': 'on' } },
        on: {
          entry: [{ type: 'say', params: 'on' }, 'warnSoon'],
          exit: cancel('warning'),
          after: { longest: 'off' },
          on: { 'running.stopped': 'off', warn: { actions: { type: 'say', params: 'warned' } } },
        },
      },
    });

  async function startCharger(durationMs: number) {
    const clock = simulatedClock(at('09:00'));
    const transport = memoryTransport([dispatchRecord({ durationMs })]);
    const actor = createActor(charger(transport, clock), { clock: clock.forXState() });
    const said: [time: string, line: string][] = [];
    actor.on('said', ({ line }) => said.push([new Date(clock.nowMs()).toISOString().slice(11, 19), line]));
    actor.start();
    return { clock, actor, said };
  }

  it('runs the delays of a machine in step with the runs of its dispatches', async () => {
    const { clock, actor, said } = await startCharger(30 * minuteMs);
    await clock.advanceTo(at('11:00'));
    expect(said).toEqual([
      ['09:00:00', 'off'],
      ['10:00:00', 'on'],
      ['10:00:30', 'warned'],
      ['10:10:00', 'off'],
    ]);
    actor.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('fires no delay that is cancelled, and leaves a state once when a delay and the end of a run come at one time', async () => {
    const short = await startCharger(20_000);
    await short.clock.advanceTo(at('11:00'));
    expect(short.said.slice(1)).toEqual([
      ['10:00:00', 'on'],
      ['10:00:20', 'off'],
    ]);
    short.actor.stop();
    const equal = await startCharger(10 * minuteMs);
    await equal.clock.advanceTo(at('11:00'));
    expect(equal.said.slice(3)).toEqual([['10:10:00', 'off']]);
    equal.actor.stop();
    expect([short.clock.pendingTimers, equal.clock.pendingTimers]).toEqual([0, 0]);
  });

  it('keeps delays standing while the computer sleeps or the wall clock is set, as timers do', async () => {
    const clock = simulatedClock(0);
    const timers = clock.forXState();
    let fired = 0;
    timers.setTimeout(() => (fired += 1), 1000);
    const undone = timers.setTimeout(() => (fired += 10), 1000);
    timers.clearTimeout(undone);
    timers.clearTimeout(undefined);
    clock.suspend(hourMs);
    clock.step(hourMs);
    await clock.advanceBy(999);
    expect(fired).toBe(0);
    await clock.advanceBy(1);
    expect([fired, clock.pendingTimers]).toEqual([1, 0]);
  });
});

describe('the transport in memory', () => {
  const three = [1, 2, 3].map(id => dispatchRecord({ id }));
  const listOptions = () => ({ microgridId: 1, endFromMs: 0, signal: new AbortController().signal });

  it('lists in pages, and can fail after some of them', async () => {
    const transport = memoryTransport(three, { pageSize: 2 });
    transport.failNext('list', new DispatchError('UNAVAILABLE', 'gone'), { afterPages: 1 });
    const ids: number[][] = [];
    const list = async () => {
      for await (const { dispatches } of transport.list(listOptions())) ids.push(dispatches.map(({ id }) => id));
    };
    await expect(list()).rejects.toThrow('gone');
    expect(ids).toEqual([[1, 2]]);
    await list();
    expect(ids).toEqual([[1, 2], [1, 2], [3]]);
  });

  it('fails at the end of a list that has fewer pages', async () => {
    const transport = memoryTransport(three);
    transport.failNext('list', new DispatchError('UNAVAILABLE', 'gone'), { afterPages: 9 });
    const pages = transport.list(listOptions())[Symbol.asyncIterator]();
    expect((await pages.next()).value?.dispatches).toHaveLength(3);
    await expect(pages.next()).rejects.toThrow('gone');
  });

  it('holds a list between two pages', async () => {
    const transport = memoryTransport(three, { pageSize: 1 });
    const pages = transport.list(listOptions())[Symbol.asyncIterator]();
    await pages.next();
    const release = transport.hold('list');
    let second: unknown;
    const pending = pages.next().then(({ value }) => {
      second = value.dispatches[0].id;
    });
    await new Promise(setImmediate);
    expect(second).toBeUndefined();
    release();
    await pending;
    expect(second).toBe(2);
  });

  it('lets go of a held call that is aborted', async () => {
    const transport = memoryTransport();
    transport.hold('list');
    transport.hold('watch');
    const controller = new AbortController();
    const { signal } = controller;
    const list = transport.list({ microgridId: 1, endFromMs: 0, signal })[Symbol.asyncIterator]().next();
    const { opened } = transport.watch({ microgridId: 1, signal });
    controller.abort(new Error('enough'));
    await expect(list).rejects.toThrow('enough');
    await expect(opened).rejects.toThrow('enough');
    expect(transport.openStreams).toBe(0);
  });

  it('delays the changes of a stream, and loses those that it holds when it is cut', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    test.said();
    const release = test.transport.hold('changes');
    test.transport.update(1, { active: false });
    await test.clock.advanceBy(minuteMs);
    expect(test.said()).toEqual([]);
    release();
    await test.clock.settle();
    expect(test.said()).toEqual(['1 updated']);
    test.transport.hold('changes');
    test.transport.update(1, { active: true });
    test.transport.update(1, { active: false });
    test.transport.cut();
    await test.clock.advanceBy(0);
    // The list has what the two came to.
    expect(test.said()).toEqual(['1 updated']);
  });

  it('gives an update a version of its own', () => {
    const transport = memoryTransport(three);
    const [second, third] = [transport.update(2, { active: false }), transport.update(2, { dryRun: true })];
    expect(third).toMatchObject({ id: 2, active: false, dryRun: true });
    expect(second.updateTime > (three[1]?.updateTime ?? '')).toBe(true);
    expect(third.updateTime > second.updateTime).toBe(true);
    expect(third.updateTime).toHaveLength('2026-01-01T00:00:00.000000000Z'.length);
    expect(() => transport.update(4, {})).toThrow(new RangeError('no dispatch has the id 4'));
  });

  it('gives a dispatch that is put again a later version, unless it has one', async () => {
    const version = '2026-05-01T00:00:00.000000000Z';
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    test.said();
    const first = test.transport.put(dispatchRecord({ payload: { kw: 5 } }));
    const second = test.transport.put(dispatchRecord({ payload: { kw: 7 } }));
    const earlier = test.transport.put(dispatchRecord({ updateTime: '1970-01-01T00:00:00.000000000Z' }));
    const later = test.transport.put(dispatchRecord({ updateTime: version, active: false }));
    await test.clock.settle();
    expect(test.said()).toEqual(['1 updated', '1 updated', '1 updated', '1 updated']);
    const versions = [dispatchRecord(), first, second, earlier].map(({ updateTime }) => updateTime);
    expect(versions).toEqual([...new Set(versions)].sort());
    expect(later.updateTime).toBe(version);
    expect(test.dispatcher.dispatches.get(1)?.updateTime).toEqual(new Date(version));
    // A new dispatch is stored as it is given, and an update cannot go back either.
    const added = dispatchRecord({ id: 2 });
    expect(test.transport.put(added)).toBe(added);
    expect(test.transport.update(2, { updateTime: added.updateTime }).updateTime > added.updateTime).toBe(true);
  });

  it('has the next list find what was put silently, also without a version of its own or with an earlier one', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord(), dispatchRecord({ id: 2 })] });
    test.said();
    const restored = dispatchRecord({ id: 2, payload: { kw: 1 }, updateTime: '2025-01-01T00:00:00.000000000Z' });
    const stored = test.transport.putSilently(dispatchRecord({ payload: { kw: 5 } }), restored);
    expect(stored).toEqual([expect.objectContaining({ id: 1, payload: { kw: 5 } }), restored]);
    await test.clock.settle();
    expect(test.said()).toEqual([]);
    test.transport.cut();
    await test.clock.advanceBy(0);
    expect(test.said()).toEqual(['1 updated', '2 updated']);
    expect(test.transport.putSilently(restored)).toEqual([restored]);
  });

  it('refuses a page size that is none', () => {
    expect(() => memoryTransport([], { pageSize: 0 })).toThrow(
      new RangeError('pageSize must be a positive integer, not 0'),
    );
  });
});

describe('the recorder', () => {
  it('keeps in order what a dispatcher says, and lets a test take and await it', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()], sync: false });
    const recorder = recordNotifications(test.dispatcher);
    const first = recorder.next();
    const started = recorder.next('running.started');
    await test.dispatcher.start();
    expect(await first).toMatchObject({ type: 'lifecycle.created', dispatch: { id: 1 } });
    await test.clock.advanceTo(at('10:00'));
    expect((await started).run).toEqual({ startMs: at('10:00'), endMs: at('10:30') });
    test.transport.update(1, { payload: { kw: 3 } });
    test.transport.cut();
    await test.clock.advanceBy(0);
    test.clock.suspend(hourMs);
    await test.clock.advanceBy(1000);
    expect(recorder.take().map(({ type }) => type)).toEqual([
      'lifecycle.updated',
      'running.reconfigured',
      'dispatcher.problem',
      'running.stopped',
    ]);
    expect(recorder.take()).toEqual([]);
    expect(recorder.all).toHaveLength(6);
  });

  it('passes over what came before the one that a test awaits', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()], now: '10:10', sync: false });
    using recorder = recordNotifications(test.dispatcher.actor);
    await test.dispatcher.start();
    await test.dispatcher.ready();
    expect((await recorder.next('running.started')).cause).toBe('sync');
    expect(recorder.take()).toEqual([]);
  });

  it('records that a consumer failed', async () => {
    await using test = await startDispatcher();
    using recorder = recordNotifications(test.dispatcher);
    test.dispatcher.on('lifecycle', () => {
      throw new Error('broken');
    });
    test.transport.put(dispatchRecord());
    expect((await recorder.next('dispatcher.problem')).problem.code).toBe('CONSUMER_FAILED');
  });

  it('records the machine of one dispatch alone', () => {
    const actor = createActor(dispatchMachine, { input: { dispatch: dispatchRecord(), atMs: at('09:00') } });
    using recorder = recordNotifications(actor);
    actor.start().send({ type: 'timer.due', atMs: at('10:00') });
    expect(recorder.take()).toMatchObject([{ type: 'running.started', dispatch: { id: 1 } }]);
    actor.stop();
  });

  it('gives up what a test awaits when the dispatcher stops, when it is stopped itself and when a signal aborts', async () => {
    await using test = await startDispatcher();
    const recorder = recordNotifications(test.dispatcher);
    const controller = new AbortController();
    const aborted = recorder.next('run.missed', controller);
    controller.abort(new Error('no patience'));
    await expect(aborted).rejects.toThrow('no patience');
    await expect(recorder.next('run.missed', controller)).rejects.toThrow('no patience');
    const pending = recorder.next('running.started');
    await test.dispatcher.stop();
    await expect(pending).rejects.toThrow('the recording ended before running.started came');
    await expect(recorder.next()).rejects.toThrow('the recording ended before another notification came');
  });

  it('records nothing after its stop', async () => {
    await using test = await startDispatcher();
    const recorder = recordNotifications(test.dispatcher);
    recorder.stop();
    test.transport.put(dispatchRecord());
    test.transport.cut();
    await test.clock.advanceBy(0);
    expect(recorder.all).toEqual([]);
  });
});

describe('the test service', () => {
  it('is a real one, with a client of it', async () => {
    await using service = await startTestService({ authKey: 'key', signSecret: 'secret' });
    await using dispatcher = new Dispatcher({
      microgridId: 7,
      address: service.address,
      authKey: 'key',
      signSecret: 'secret',
    });
    using recorder = recordNotifications(dispatcher);
    await dispatcher.start();
    await dispatcher.ready();
    const { id } = await service.client.create({
      microgridId: 7,
      type: 'CHARGE',
      startTime: 'NOW',
      selector: { ids: [5] },
    });
    expect((await recorder.next('running.started')).dispatch.id).toBe(id);
  });

  it('leaves gRPC alone until it is started', async () => {
    const program = `
      import { createRequire } from 'node:module';
      import { startTestService } from 'xstate-dispatch/testing';
      const { cache } = createRequire(import.meta.url);
      const hasGrpc = () => Object.keys(cache).some(path => path.includes('@grpc'));
      console.log('before', hasGrpc());
      const service = await startTestService();
      console.log('after', hasGrpc());
      await service.stop();
    `;
    const { stdout } = await runProgram(program);
    expect(stdout).toBe('before false\nafter true\n');
  });
});
