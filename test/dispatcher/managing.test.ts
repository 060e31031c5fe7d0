// Managed actors of a Dispatcher (design.md, section 5). M1-M7 are the tests of the Python dispatcher, by their numbers there.
import { describe, expect, it } from 'vitest';
import {
  type AnyActorLogic,
  assign,
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  type InspectionEvent,
  setup,
} from 'xstate';
import { filteredInspect } from '../../machines/inspect/filteredInspect.js';
import { inspectRunning } from '../../machines/inspect/inspectRunning.js';
import type { DispatchInfo, ManagedActorEvent } from '../../machines/manage/dispatchInfo.js';
import type { ManagingOptions } from '../../machines/manage/managingOptions.js';
import { mergeByType, mergeByTypeAndSelector } from '../../machines/manage/mergeStrategy.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { dispatchRecord, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { startDispatcher, type TestDispatcherOptions } from '../support/startDispatcher.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { at } from '../support/time.js';

function run(id: number, from: string, to: string | null, fields: Partial<DispatchRecord> = {}): DispatchRecord {
  const durationMs = to === null ? null : at(to) - at(from);
  return dispatchRecord({ id, startTimeMs: at(from), durationMs, payload: { kw: id }, ...fields });
}

/** What the actors of a test did, and what their logic is told to do. */
interface Told {
  readonly lines: string[];
  take(): string[];
}

function told(): Told {
  const lines: string[] = [];
  return { lines, take: () => lines.splice(0) };
}

function inWords({ identity, dispatchId, payload, dryRun }: DispatchInfo): string {
  const own = identity === String(dispatchId) ? '' : ` of ${identity}`;
  return `${dispatchId}${own} kw ${payload.kw}${dryRun ? ' dry' : ''}`;
}

/** An actor that says what it is told, and does not end by itself. */
function sayer(said: Told) {
  return fromCallback<ManagedActorEvent, DispatchInfo>(({ input, receive }) => {
    said.lines.push(`starts ${inWords(input)}`);
    receive(event => {
      if (event.type === 'dispatch.reconfigured') said.lines.push(`gets ${inWords(event.info)}`);
      else said.lines.push(`is asked to end ${input.dispatchId}`);
    });
    return () => void said.lines.push(`ends ${input.dispatchId}`);
  });
}

/** A machine that ends when it is told to, or when a test says so. */
function worker(said: Told, { rampDown = false } = {}) {
  return setup({
    types: {
      input: {} as DispatchInfo,
      context: {} as { info: DispatchInfo },
      events: {} as ManagedActorEvent | { type: 'finish' } | { type: 'fail' },
    },
    actions: {
      say: ({ context }, { what }: { what: string }) => void said.lines.push(`${what} ${inWords(context.info)}`),
      note: assign({ info: ({ context, event }) => ('info' in event ? event.info : context.info) }),
      fail: () => {
        throw new Error('it broke');
      },
    },
    guards: { isSlow: () => rampDown },
  }).createMachine({
    context: ({ input }) => ({ info: input }),
    initial: 'working',
    states: {
      working: {
        entry: { type: 'say', params: { what: 'works' } },
        on: {
          'dispatch.reconfigured': { actions: ['note', { type: 'say', params: { what: 'adjusts' } }] },
          'dispatch.stopped': [{ guard: 'isSlow', target: 'rampingDown' }, { target: 'done' }],
        },
      },
      rampingDown: { entry: { type: 'say', params: { what: 'ramps down' } } },
      done: { type: 'final', entry: { type: 'say', params: { what: 'is done with' } } },
    },
    on: { finish: '.done', fail: { actions: 'fail' } },
  });
}

/** A dispatcher that manages CHARGE. */
async function managing<TLogic extends AnyActorLogic>(
  logic: TLogic,
  { options = {}, ...rest }: TestDispatcherOptions & { options?: ManagingOptions } = {},
) {
  const test = await startDispatcher(rest);
  test.dispatcher.startManaging('CHARGE', logic as never, options);
  return Object.assign(test, {
    change: async (id: number, changes: Partial<DispatchRecord>) => {
      test.transport.update(id, changes);
      await test.clock.settle();
    },
    delete: async (id: number) => {
      test.transport.delete(id);
      await test.clock.settle();
    },
  });
}

/** The managed actors that exist, by their ids, in a dispatcher that is inspected. */
function managedActorsOf(dispatcher: Dispatcher) {
  const actors: [string, { send(event: object): void; getSnapshot(): { status: string } }][] = [];
  inspectRunning(dispatcher.actor, event => {
    if (event.type === '@xstate.actor' && 'src' in event.actorRef && event.actorRef.src === 'managedActor') {
      const { id } = event.actorRef as unknown as { id: string };
      actors.push([id, event.actorRef as never]);
    }
  })();
  return new Map(actors);
}

describe('managed actors', () => {
  it('M1 start with the dispatch, and stop with it', async () => {
    const said = told();
    const inputs: DispatchInfo[] = [];
    const logic = fromCallback<ManagedActorEvent, DispatchInfo>(({ input }) => {
      inputs.push(input);
      return () => void said.lines.push('ends');
    });
    await using test = await managing(logic, { dispatches: [run(1, '10:00', '10:30', { selector: { ids: [5, 6] } })] });
    await test.clock.advanceTo(at('10:00') - 1);
    expect(inputs).toEqual([]);
    await test.clock.advanceTo(at('10:30') - 1);
    expect(inputs).toEqual([
      {
        identity: '1',
        type: 'CHARGE',
        dispatchId: 1,
        dispatchIds: [1],
        selector: { ids: [5, 6] },
        payload: { kw: 1 },
        dryRun: false,
        untilMs: at('10:30'),
      },
    ]);
    expect(JSON.parse(JSON.stringify(inputs))).toEqual(inputs);
    expect(said.take()).toEqual([]);
    await test.clock.advanceTo(at('10:30'));
    expect(said.take()).toEqual(['ends']);
    expect(managedActorsOf(test.dispatcher).size).toBe(0);
  });

  it('M2 that fail at their start are started again after the retry interval', async () => {
    let attempts = 0;
    const logic = fromCallback<ManagedActorEvent, DispatchInfo>(() => {
      attempts += 1;
      if (attempts === 1) throw new Error('not yet');
    });
    await using test = await managing(logic, { dispatches: [run(1, '10:00', '10:30')] });
    await test.clock.advanceTo(at('10:00:59'));
    expect(attempts).toBe(1);
    expect(test.problems).toMatchObject([
      {
        code: 'CONSUMER_FAILED',
        message: 'the managed actor of dispatch 1 failed: not yet',
        dispatchId: 1,
        microgridId: 1,
      },
    ]);
    await test.clock.advanceTo(at('10:01:05'));
    expect(attempts).toBe(2);
    expect(managedActorsOf(test.dispatcher).get('1')?.getSnapshot().status).toBe('active');
    expect(test.problems).toHaveLength(1);
  });

  it('M5 run in a dry run, and are told that it is one', async () => {
    const said = told();
    await using test = await managing(sayer(said), { dispatches: [run(1, '10:00', '10:30', { dryRun: true })] });
    await test.clock.advanceTo(at('11:00'));
    expect(said.take()).toEqual(['starts 1 kw 1 dry', 'ends 1']);
  });

  it.each([
    ['mergeByTypeAndSelector', mergeByTypeAndSelector, '["CHARGE",false,"id 5"]'],
    ['mergeByType', mergeByType, '["CHARGE",false]'],
    ['no strategy', undefined, '1'],
  ])('M6 have the identity of %s', async (_, mergeStrategy, identity) => {
    const said = told();
    await using test = await managing(worker(said), {
      dispatches: [run(1, '10:00', '10:30')],
      options: { mergeStrategy },
    });
    expect(test.dispatcher.isManaged('CHARGE')).toBe(true);
    expect(test.dispatcher.isManaged('HOLD')).toBe(false);
    await test.clock.advanceTo(at('10:10'));
    expect([...managedActorsOf(test.dispatcher).keys()]).toEqual([identity]);
    await test.dispatcher.stopManaging('CHARGE');
    expect(test.dispatcher.isManaged('CHARGE')).toBe(false);
    expect(managedActorsOf(test.dispatcher).size).toBe(0);
  });

  it('M7 are apart without merging: each has its own payload, and one stops without the other', async () => {
    const said = told();
    const dispatches = [run(1, '10:00', '10:30'), run(2, '10:00', '10:40')];
    await using test = await managing(sayer(said), { dispatches });
    await test.clock.advanceTo(at('10:00'));
    await test.change(1, { payload: { kw: 8 } });
    expect(said.take()).toEqual(['starts 1 kw 1', 'starts 2 kw 2', 'gets 1 kw 8']);
    await test.clock.advanceTo(at('10:30'));
    expect(said.take()).toEqual(['ends 1']);
    await test.clock.advanceTo(at('10:40'));
    expect(said.take()).toEqual(['ends 2']);
  });

  it('are one where dispatches are merged: handed over, reconfigured, and stopped once', async () => {
    const said = told();
    const ids: (readonly number[])[] = [];
    const logic = fromTransition((count: number, { info }: { type: 'dispatch.reconfigured'; info: DispatchInfo }) => {
      ids.push(info.dispatchIds);
      said.lines.push(
        `gets ${info.dispatchId} until ${info.untilMs === null ? 'ever' : (info.untilMs - at('10:00')) / minuteMs}`,
      );
      return count + 1;
    }, 0);
    const dispatches = [run(1, '10:00', '12:00'), run(2, '10:30', '11:00'), run(3, '11:50', '12:30')];
    await using test = await managing(logic, { dispatches, options: { mergeStrategy: mergeByType } });
    await test.clock.advanceTo(at('12:20'));
    expect(said.take()).toEqual(['gets 2 until 60', 'gets 1 until 120', 'gets 3 until 150']);
    expect(ids).toEqual([[1, 2], [1], [1, 3]]);
    expect(managedActorsOf(test.dispatcher).size).toBe(1);
    await test.clock.advanceTo(at('12:30'));
    expect(managedActorsOf(test.dispatcher).size).toBe(0);
  });

  it('take a touching run as a reconfiguration', async () => {
    const said = told();
    const recurrence = { frequency: 'MINUTELY', interval: 30, count: 2 } as const;
    await using test = await managing(sayer(said), { dispatches: [run(1, '10:00', '10:30', { recurrence })] });
    await test.clock.advanceTo(at('12:00'));
    expect(said.take()).toEqual(['starts 1 kw 1', 'gets 1 kw 1', 'ends 1']);
  });

  it('are started anew at a reconfiguration if they are told so: a promise has its signal aborted', async () => {
    const said = told();
    const logic = fromPromise<void, DispatchInfo>(async ({ input, signal }) => {
      said.lines.push(`starts ${inWords(input)}`);
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
      said.lines.push(`aborted ${inWords(input)}`);
    });
    await using test = await managing(logic, {
      dispatches: [run(1, '10:00', '10:30')],
      options: { onReconfigure: 'restart' },
    });
    await test.clock.advanceTo(at('10:00'));
    await test.change(1, { payload: { kw: 8 } });
    await test.clock.advanceTo(at('11:00'));
    expect(said.take()).toEqual(['starts 1 kw 1', 'starts 1 kw 8', 'aborted 1 kw 1', 'aborted 1 kw 8']);
    expect(test.problems).toEqual([]);
  });

  it('can be observables', async () => {
    const said = told();
    const logic = fromObservable<number, DispatchInfo>(
      ({ input }) =>
        ({
          subscribe: () => {
            said.lines.push(`subscribed ${inWords(input)}`);
            return { unsubscribe: () => void said.lines.push('unsubscribed') };
          },
          [Symbol.observable ?? '@@observable']() {
            return this;
          },
        }) as never,
    );
    await using test = await managing(logic, { dispatches: [run(1, '10:00', '10:30')] });
    await test.clock.advanceTo(at('11:00'));
    expect(said.take()).toEqual(['subscribed 1 kw 1', 'unsubscribed']);
  });

  it('that come late begin with what runs', async () => {
    const said = told();
    await using test = await startDispatcher({
      dispatches: [run(1, '10:00', null), run(2, '10:10', null)],
      now: '10:20',
    });
    test.dispatcher.startManaging('CHARGE', sayer(said), { mergeStrategy: mergeByType });
    expect(said.take()).toEqual(['starts 2 of ["CHARGE",false] kw 2']);
  });

  it.each([
    { type: 'running.stopped' },
    { type: 'running.started', kw: 5 },
    { type: 'managing.end' },
    { type: 'managing.due', identity: '1' },
    { type: 'anything' },
  ])('send what they like to their parent: $type does nothing', async event => {
    const said: string[] = [];
    const logic = fromCallback<ManagedActorEvent, DispatchInfo>(({ input, sendBack }) => {
      said.push(`starts ${input.dispatchId}`);
      sendBack(event);
      return () => void said.push(`ends ${input.dispatchId}`);
    });
    await using test = await managing(logic, { dispatches: [run(1, '10:00', '10:30'), run(2, '10:10', '10:20')] });
    await test.clock.advanceTo(at('11:00'));
    expect(said).toEqual(['starts 1', 'starts 2', 'ends 2', 'ends 1']);
    expect([test.dispatcher.status.state, test.dispatcher.isManaged('CHARGE')]).toEqual(['live', true]);
    expect(test.problems).toEqual([]);
    await test.dispatcher.stopManaging('CHARGE');
  });

  it('are visible to an inspector, with what they are told, below the dispatcher', async () => {
    const seen: string[] = [];
    const clock = simulatedClock(at('09:00'));
    const transport = memoryTransport([run(1, '10:00', '10:30')]);
    const inspect = (event: InspectionEvent) => {
      const { id, _parent } = event.actorRef as unknown as { id: string; _parent?: { id: string } };
      if (event.type === '@xstate.actor') seen.push(`${id} below ${_parent?.id.replace(/^x:.*/, 'root')}`);
      if (event.type === '@xstate.event' && id === '1' && event.event.type.startsWith('dispatch.')) {
        seen.push(`${(event.sourceRef as { id?: string } | undefined)?.id} tells ${id} ${event.event.type}`);
      }
    };
    await using dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger, inspect });
    dispatcher.startManaging('CHARGE', worker(told()), { stopTimeoutMs: 1_000 });
    await dispatcher.start();
    await clock.advanceTo(at('11:00'));
    expect(seen).toContain('managed CHARGE below root');
    expect(seen).toContain('1 below managed CHARGE');
    expect(seen).toContain('managed CHARGE tells 1 dispatch.stopped');
  });

  it('are visible through a filter that hides their dispatches', async () => {
    const seen: string[] = [];
    const clock = simulatedClock(at('09:00'));
    const transport = memoryTransport([run(1, '10:00', '10:30')]);
    const inspect = filteredInspect(
      event => {
        const { id } = event.actorRef as unknown as { id: string };
        if (event.type === '@xstate.actor') seen.push(id.replace(/^x:.*/, 'root'));
        if (event.type === '@xstate.event' && event.event.type.startsWith('dispatch.'))
          seen.push(`${event.event.type} to ${id}`);
      },
      { types: ['HOLD'] },
    );
    await using dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger, inspect });
    dispatcher.startManaging('CHARGE', worker(told()), { stopTimeoutMs: 1_000 });
    await dispatcher.start();
    await clock.advanceTo(at('11:00'));
    expect(seen.sort()).toEqual(
      ['root', 'pool', 'store', 'source', 'timer', 'managed CHARGE', '1', 'dispatch.stopped to 1'].sort(),
    );
  });

  it('of two types at once have nothing to do with each other', async () => {
    const said = told();
    const dispatches = [run(1, '10:00', null), run(2, '10:00', null, { type: 'HOLD' })];
    await using test = await managing(sayer(said), { dispatches });
    test.dispatcher.startManaging('HOLD', sayer(said));
    await test.clock.advanceTo(at('10:00'));
    expect(said.take()).toEqual(['starts 1 kw 1', 'starts 2 kw 2']);
    await test.dispatcher.stopManaging('CHARGE');
    expect(said.take()).toEqual(['ends 1']);
    expect([test.dispatcher.isManaged('CHARGE'), test.dispatcher.isManaged('HOLD')]).toEqual([false, true]);
    await test.delete(2);
    expect(said.take()).toEqual(['ends 2']);
  });

  it('of a type that is managed already stay as they are, and that is a problem', async () => {
    const said = told();
    await using test = await managing(sayer(said), { dispatches: [run(1, '10:00', null)] });
    test.dispatcher.startManaging(
      'CHARGE',
      fromPromise(async () => said.lines.push('another')),
    );
    await test.clock.advanceTo(at('10:00'));
    expect(said.take()).toEqual(['starts 1 kw 1']);
    expect(test.problems).toMatchObject([
      { code: 'ALREADY_EXISTS', message: 'CHARGE is already managed: call stopManaging before' },
    ]);
  });

  it('refuse spans that are none, and a dispatcher that was stopped', async () => {
    const test = await startDispatcher();
    const manage = (options: ManagingOptions) => () => test.dispatcher.startManaging('CHARGE', sayer(told()), options);
    expect(manage({ retryIntervalMs: 0 })).toThrow(
      new RangeError('retryIntervalMs must be from 1 to 2^31-1 milliseconds, not 0'),
    );
    expect(manage({ stopTimeoutMs: -1 })).toThrow(RangeError);
    expect(manage({ stopTimeoutMs: Number.NaN })).toThrow(RangeError);
    await test.dispatcher.stop();
    expect(manage({})).toThrow(expect.objectContaining({ code: 'STOPPED' }));
    await test.dispatcher.stopManaging('CHARGE');
  });
});

describe('a managed actor that fails', () => {
  it('by an event is started again while its dispatch runs; a stop during the wait ends that', async () => {
    const said = told();
    await using test = await managing(worker(said), {
      dispatches: [run(1, '10:00', '10:30')],
      options: { retryIntervalMs: minuteMs },
    });
    await test.clock.advanceTo(at('10:00'));
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'fail' });
    expect(test.problems).toMatchObject([{ message: 'the managed actor of dispatch 1 failed: it broke' }]);
    await test.clock.advanceTo(at('10:01'));
    expect(said.take()).toEqual(['works 1 kw 1', 'works 1 kw 1']);
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'fail' });
    await test.delete(1);
    await test.clock.advanceTo(at('11:00'));
    expect(said.take()).toEqual([]);
    expect(managedActorsOf(test.dispatcher).size).toBe(0);
  });

  it('is started at once by a newer message, and not once more by the retry', async () => {
    const said = told();
    await using test = await managing(worker(said), { dispatches: [run(1, '10:00', '10:30')] });
    await test.clock.advanceTo(at('10:00'));
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'fail' });
    await test.clock.advanceBy(1_000);
    await test.change(1, { payload: { kw: 8 } });
    expect(said.take()).toEqual(['works 1 kw 1', 'works 1 kw 8']);
    await test.clock.advanceTo(at('10:20'));
    expect(said.take()).toEqual([]);
  });

  it('is not started again after a suspend that its dispatch did not outlast', async () => {
    const said = told();
    await using test = await managing(worker(said), {
      dispatches: [run(1, '10:00', '10:30')],
      options: { retryIntervalMs: 500 },
    });
    await test.clock.advanceTo(at('10:00'));
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'fail' });
    said.take();
    test.clock.suspend(hourMs);
    await test.clock.advanceBy(2_000);
    expect(said.take()).toEqual([]);
  });

  it('every time is tried again, whatever it fails with: a context that throws, a promise that rejects', async () => {
    let attempts = 0;
    const logics: AnyActorLogic[] = [
      setup({ types: { input: {} as DispatchInfo } }).createMachine({
        context: () => {
          attempts += 1;
          throw new Error('no context');
        },
      }),
      fromPromise<void, DispatchInfo>(async () => {
        attempts += 1;
        throw new Error('rejected');
      }),
      fromPromise<void, DispatchInfo>(() => {
        attempts += 1;
        throw new Error('thrown');
      }),
    ];
    for (const logic of logics) {
      attempts = 0;
      await using test = await managing(logic, { dispatches: [run(1, '10:00', '10:03:30')] });
      await test.clock.advanceTo(at('11:00'));
      expect(attempts).toBe(4);
      expect(test.problems).toHaveLength(4);
    }
  });

  it('when it is stopped is a problem, and harms nobody', async () => {
    const logic = fromCallback<ManagedActorEvent, DispatchInfo>(() => () => {
      throw new Error('cannot stop');
    });
    await using test = await managing(logic, { dispatches: [run(1, '10:00', '10:30'), run(2, '10:00', '11:00')] });
    await test.clock.advanceTo(at('10:40'));
    const problem = 'the managed actor of dispatch 1 failed when it was stopped: cannot stop';
    expect(test.problems.map(({ message }) => message)).toEqual([problem]);
    expect([...managedActorsOf(test.dispatcher).keys()]).toEqual(['2']);
    await test.delete(2);
    expect(test.dispatcher.status.state).toBe('live');
  });

  it('when the dispatcher stops is logged', async () => {
    const logged: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, message: string) => logged.push(message) };
    const logic = fromCallback<ManagedActorEvent, DispatchInfo>(() => () => {
      throw new Error('cannot stop');
    });
    const test = await managing(logic, { dispatches: [run(1, '10:00', null)], logger });
    await test.clock.advanceTo(at('10:00'));
    await test.dispatcher.stop();
    expect(logged).toEqual(['the managed actor of dispatch 1 failed when it was stopped: cannot stop']);
  });

  it('is no reason not to stop the dispatcher, nor to leave a timer', async () => {
    const test = await managing(worker(told()), { dispatches: [run(1, '10:00', null)] });
    await test.clock.advanceTo(at('10:00'));
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'fail' });
    await test.dispatcher.stop();
    expect(test.clock.pendingTimers).toBe(0);
    expect(test.dispatcher.isManaged('CHARGE')).toBe(false);
  });
});

describe('a managed actor that ends by itself', () => {
  it('has finished its order until the next message', async () => {
    const said = told();
    await using test = await managing(worker(said), { dispatches: [run(1, '10:00', '10:30')] });
    await test.clock.advanceTo(at('10:00'));
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'finish' });
    await test.clock.advanceTo(at('10:20'));
    expect(said.take()).toEqual(['works 1 kw 1', 'is done with 1 kw 1']);
    await test.change(1, { payload: { kw: 8 } });
    expect(said.take()).toEqual(['works 1 kw 8']);
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'finish' });
    await test.clock.advanceTo(at('11:00'));
    expect(said.take()).toEqual(['is done with 1 kw 8']);
    expect(test.problems).toEqual([]);
  });

  it("is started again after the retry interval with restart: 'always'", async () => {
    const said = told();
    const options = { restart: 'always' } as const;
    await using test = await managing(worker(said), { dispatches: [run(1, '10:00', '10:30')], options });
    await test.clock.advanceTo(at('10:00'));
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'finish' });
    said.take();
    await test.clock.advanceTo(at('10:01') - 1);
    expect(said.take()).toEqual([]);
    await test.clock.advanceBy(1);
    expect(said.take()).toEqual(['works 1 kw 1']);
  });

  it('exactly when its dispatch does is no problem', async () => {
    const said = told();
    const logic = fromPromise<void, DispatchInfo>(async ({ input }) => {
      await new Promise<void>(resolve => void test.clock.setTimer(resolve, Number(input.untilMs) - test.clock.nowMs()));
      said.lines.push('done');
    });
    await using test = await managing(logic, { dispatches: [run(1, '10:00', '10:30')] });
    await test.clock.advanceTo(at('11:00'));
    expect(said.take()).toEqual(['done']);
    expect(test.problems).toEqual([]);
    expect(managedActorsOf(test.dispatcher).size).toBe(0);
  });
});

describe('a managed actor that may take time to end', () => {
  const options = { stopTimeoutMs: 10_000 };

  it('is sent dispatch.stopped, and ends', async () => {
    const said = told();
    await using test = await managing(worker(said), { dispatches: [run(1, '10:00', '10:30')], options });
    await test.clock.advanceTo(at('10:30'));
    expect(said.take()).toEqual(['works 1 kw 1', 'is done with 1 kw 1']);
    expect(test.problems).toEqual([]);
    expect(managedActorsOf(test.dispatcher).size).toBe(0);
  });

  it('and ignores that is stopped after its time, which is a problem', async () => {
    const said = told();
    await using test = await managing(sayer(said), { dispatches: [run(1, '10:00', '10:30')], options });
    await test.clock.advanceTo(at('10:30:09'));
    expect(said.take()).toEqual(['starts 1 kw 1', 'is asked to end 1']);
    await test.clock.advanceTo(at('10:30:10'));
    expect(said.take()).toEqual(['ends 1']);
    expect(test.problems).toMatchObject([
      { message: 'the managed actor of dispatch 1 did not end within 10000 ms and was stopped' },
    ]);
  });

  it('makes a new start of its identity wait, and no other', async () => {
    const said = told();
    const dispatches = [
      run(1, '10:00', '10:30'),
      run(2, '10:30:01', '10:50'),
      run(3, '10:30:02', '10:50', { dryRun: true }),
    ];
    const rest = { dispatches, options: { ...options, mergeStrategy: mergeByType } };
    await using test = await managing(worker(said, { rampDown: true }), rest);
    await test.clock.advanceTo(at('10:30:03'));
    const by = (dryRun: boolean) => `of ["CHARGE",${dryRun}]`;
    expect(said.take()).toEqual([
      `works 1 ${by(false)} kw 1`,
      `ramps down 1 ${by(false)} kw 1`,
      `works 3 ${by(true)} kw 3 dry`,
    ]);
    managedActorsOf(test.dispatcher).get('["CHARGE",false]')?.send({ type: 'finish' });
    expect(said.take()).toEqual([`is done with 1 ${by(false)} kw 1`, `works 2 ${by(false)} kw 2`]);
    await test.clock.advanceTo(at('10:40'));
    expect(test.problems).toEqual([]);
  });

  it('whose new start is taken back while it ends is not started', async () => {
    const said = told();
    const dispatches = [run(1, '10:00', '10:30'), run(2, '10:30:01', '10:30:05')];
    const rest = { dispatches, options: { ...options, mergeStrategy: mergeByType } };
    await using test = await managing(worker(said, { rampDown: true }), rest);
    await test.clock.advanceTo(at('10:30:06'));
    managedActorsOf(test.dispatcher).get('["CHARGE",false]')?.send({ type: 'finish' });
    await test.clock.advanceTo(at('10:31'));
    expect(said.take().map(line => line.split(' of')[0])).toEqual(['works 1', 'ramps down 1', 'is done with 1']);
    expect(managedActorsOf(test.dispatcher).size).toBe(0);
  });

  it('takes it at a reconfiguration that starts it anew, too', async () => {
    const said = told();
    const restarting = { ...options, onReconfigure: 'restart' } as const;
    await using test = await managing(worker(said, { rampDown: true }), {
      dispatches: [run(1, '10:00', null)],
      options: restarting,
    });
    await test.clock.advanceTo(at('10:00'));
    await test.change(1, { payload: { kw: 8 } });
    await test.change(1, { payload: { kw: 9 } });
    await test.clock.advanceBy(10_000);
    expect(said.take()).toEqual(['works 1 kw 1', 'ramps down 1 kw 1', 'works 1 kw 9']);
    expect(test.problems).toHaveLength(1);
  });

  it('takes it when managing ends; new ones of the type wait for that', async () => {
    const said = told();
    await using test = await managing(worker(said, { rampDown: true }), {
      dispatches: [run(1, '10:00', null)],
      options,
    });
    await test.clock.advanceTo(at('10:00'));
    const ended = test.dispatcher.stopManaging('CHARGE');
    expect(test.dispatcher.isManaged('CHARGE')).toBe(false);
    test.dispatcher.startManaging('CHARGE', worker(said));
    expect(test.dispatcher.isManaged('CHARGE')).toBe(true);
    expect(said.take()).toEqual(['works 1 kw 1', 'ramps down 1 kw 1']);
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'finish' });
    await ended;
    expect(said.take()).toEqual(['is done with 1 kw 1', 'works 1 kw 1']);
  });

  it('and fails while it does is a problem, and not tried again', async () => {
    const said = told();
    await using test = await managing(worker(said, { rampDown: true }), {
      dispatches: [run(1, '10:00', '10:30')],
      options,
    });
    await test.clock.advanceTo(at('10:30'));
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'fail' });
    await test.clock.advanceTo(at('11:00'));
    expect(test.problems.map(({ message }) => message)).toEqual(['the managed actor of dispatch 1 failed: it broke']);
    expect(said.take()).toEqual(['works 1 kw 1', 'ramps down 1 kw 1']);
  });

  it('is stopped at once by the end of the dispatcher', async () => {
    const said = told();
    const test = await managing(sayer(said), { dispatches: [run(1, '10:00', null)], options });
    await test.clock.advanceTo(at('10:00'));
    const ended = test.dispatcher.stopManaging('CHARGE');
    await test.dispatcher.stop();
    await ended;
    expect(said.take()).toEqual(['starts 1 kw 1', 'is asked to end 1', 'ends 1']);
    expect(test.clock.pendingTimers).toBe(0);
  });
});

describe('managing and stopping', () => {
  it('ends with whatever ends the dispatcher: its actor stopped from outside', async () => {
    const said = told();
    await using test = await managing(sayer(said), { dispatches: [run(1, '10:00', null)] });
    await test.clock.advanceTo(at('10:00'));
    test.dispatcher.actor.stop();
    expect(said.take()).toEqual(['starts 1 kw 1', 'ends 1']);
  });

  it('stopManaging ends a retry, and an actor that has finished', async () => {
    const said = told();
    const dispatches = [run(1, '10:00', null), run(2, '10:00', null)];
    await using test = await managing(worker(said), { dispatches });
    await test.clock.advanceTo(at('10:00'));
    managedActorsOf(test.dispatcher).get('1')?.send({ type: 'fail' });
    managedActorsOf(test.dispatcher).get('2')?.send({ type: 'finish' });
    said.take();
    await test.dispatcher.stopManaging('CHARGE');
    await test.clock.advanceTo(at('10:10'));
    expect(said.take()).toEqual([]);
  });

  it('an actor that stops managing, or the dispatcher, from within is stopped itself', async () => {
    const said = told();
    let hasStopped = false;
    const logic = fromCallback<ManagedActorEvent, DispatchInfo>(({ input, receive }) => {
      receive(() => void test.dispatcher.stop());
      if (!hasStopped) void test.dispatcher.stopManaging('CHARGE');
      hasStopped = true;
      return () => void said.lines.push(`ends ${input.dispatchId}`);
    });
    await using test = await managing(logic, { dispatches: [run(1, '10:00', null), run(2, '10:10', null)] });
    await test.clock.advanceTo(at('10:05'));
    expect(said.take()).toEqual(['ends 1']);
    test.dispatcher.startManaging('CHARGE', logic);
    await test.clock.advanceTo(at('10:10'));
    await test.change(2, { payload: { kw: 9 } });
    expect(said.take()).toContain('ends 2');
    expect(['stopping', 'stopped']).toContain(test.dispatcher.status.state);
  });
});

describe('managed actors that begin with what runs', () => {
  it.each(['stopManaging', 'stop'] as const)('may call %s at once', async call => {
    const said = told();
    await using test = await startDispatcher({ dispatches: [run(1, '08:00', null), run(2, '08:00', null)] });
    const logic = fromCallback<ManagedActorEvent, DispatchInfo>(({ input }) => {
      said.lines.push(`starts ${input.dispatchId}`);
      if (input.dispatchId === 1)
        void (call === 'stop' ? test.dispatcher.stop() : test.dispatcher.stopManaging('CHARGE'));
      return () => void said.lines.push(`ends ${input.dispatchId}`);
    });
    test.dispatcher.startManaging('CHARGE', logic);
    expect(said.take()).toEqual(['starts 1', 'starts 2', 'ends 1', 'ends 2']);
    expect(test.dispatcher.isManaged('CHARGE')).toBe(false);
  });
});

describe('managed actors of a restored dispatcher', () => {
  it('start what is in force once it is managed again: before the start, and after', async () => {
    const store = storeInMemory();
    const said = told();
    const first = await managing(sayer(said), { dispatches: [run(1, '10:00', null)], store, now: '10:10' });
    await first.clock.advanceBy(2_000);
    await first.dispatcher.stop();
    expect(said.take()).toEqual(['starts 1 kw 1', 'ends 1']);
    const { clock, transport } = first;
    for (const beforeStart of [true, false]) {
      await using test = await startDispatcher({ store, sync: false, world: { clock, transport } });
      if (beforeStart) test.dispatcher.startManaging('CHARGE', sayer(said));
      await test.dispatcher.start();
      await test.dispatcher.ready();
      if (!beforeStart) test.dispatcher.startManaging('CHARGE', sayer(said));
      expect(said.take()).toEqual(['starts 1 kw 1']);
      await test.dispatcher.stop();
      said.take();
    }
  });

  it('are no part of its snapshot', async () => {
    await using test = await managing(worker(told()), { dispatches: [run(1, '10:00', null)], now: '10:10' });
    const snapshot = JSON.parse(JSON.stringify(test.dispatcher.actor.getPersistedSnapshot()));
    expect(Object.keys(snapshot.children).sort()).toEqual(['pool', 'source', 'store', 'timer']);
  });
});
