// Managed actors in a machine of a program, which invokes the dispatcher and forwards its notifications.
import { describe, expect, it } from 'vitest';
import { createActor, fromCallback, fromPromise, type Snapshot, sendTo, setup } from 'xstate';
import type { RunningNotification } from '../../../machines/dispatch/runNotification.js';
import { dispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import type { DispatchInfo, ManagedActorEvent } from '../../../machines/manage/dispatchInfo.js';
import { type ManagedActorsOptions, managedActors } from '../../../machines/manage/managedActors.js';
import { mergeByType } from '../../../machines/manage/mergeStrategy.js';
import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import { dispatcherActors } from '../../../src/dispatcher/dispatcherActors.js';
import { silentLogger } from '../../../src/logger.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { dispatchRecord, hourMs, minuteMs } from '../../support/dispatchRecord.js';
import { at } from '../../support/time.js';

const oneRun = (id: number, fields: Partial<DispatchRecord> = {}) =>
  dispatchRecord({ id, startTimeMs: at('10:00'), durationMs: hourMs, payload: { kw: id }, ...fields });

/** A plant that invokes dispatchers, and manages chargers while it is on. */
function plant(dispatches: DispatchRecord[][], options: Partial<ManagedActorsOptions> = {}) {
  const said: string[] = [];
  const clock = simulatedClock(at('09:00'));
  const charger = fromCallback<ManagedActorEvent, DispatchInfo>(({ input, receive }) => {
    if (input.payload.kw === 99) throw new Error('too much');
    said.push(`starts ${input.dispatchIds}`);
    receive(event => said.push(`${event.type} ${'info' in event ? event.info.payload.kw : ''}`));
    return () => void said.push(`ends ${input.dispatchId}`);
  });
  const transports = dispatches.map(each => memoryTransport(each));
  const dispatcherOf = (place: number) => {
    const transport = transports[place] ?? memoryTransport();
    return dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock, logger: silentLogger }) });
  };
  const machine = setup({
    types: {
      events: {} as DispatcherOutput | { type: 'on' } | { type: 'off' },
      children: {} as { north: 'north'; south: 'south'; chargers: 'chargers' },
    },
    actors: {
      north: dispatcherOf(0),
      south: dispatcherOf(1),
      chargers: managedActors(charger, { type: 'CHARGE', clock, ...options }),
    },
    actions: {
      forward: sendTo('chargers', ({ event }) => event),
      note: (_, { message }: { message: string }) => void said.push(`problem: ${message}`),
    },
  }).createMachine({
    invoke: [
      { id: 'north', src: 'north', input: { microgridId: 1 } },
      { id: 'south', src: 'south', input: { microgridId: 2 } },
    ],
    initial: 'on',
    states: {
      on: {
        invoke: { id: 'chargers', src: 'chargers' },
        on: {
          'running.*': { actions: 'forward' },
          'dispatcher.problem': { actions: { type: 'note', params: ({ event }) => event.problem } },
          off: 'off',
        },
      },
      off: { on: { on: 'on' } },
    },
  });
  return { machine, clock, transports, said, take: () => said.splice(0) };
}

describe('managed actors in a machine', () => {
  it('start, change and stop with what the machine forwards', async () => {
    const { machine, clock, transports, take } = plant([[oneRun(1), oneRun(2, { type: 'HOLD' })]]);
    const actor = createActor(machine).start();
    await clock.advanceTo(at('10:00'));
    transports[0]?.update(1, { payload: { kw: 7 } });
    await clock.advanceTo(at('11:00'));
    expect(take()).toEqual(['starts 1', 'dispatch.reconfigured 7', 'ends 1']);
    actor.stop();
  });

  it('stop when the machine leaves the state, and begin with what runs when it comes back', async () => {
    const { machine, clock, take } = plant([[oneRun(1), oneRun(2)]], { mergeStrategy: mergeByType });
    const actor = createActor(machine).start();
    await clock.advanceTo(at('10:00'));
    expect(take()).toEqual(['starts 1', 'dispatch.reconfigured 2']);
    actor.send({ type: 'off' });
    expect(take()).toEqual(['ends 1']);
    await clock.advanceTo(at('10:10'));
    actor.send({ type: 'on' });
    expect(take()).toEqual(['starts 1,2']);
    actor.stop();
    expect(take()).toEqual(['ends 2']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('entered by the start of a run start once for it', async () => {
    const { machine, clock, take } = plant([[oneRun(1), oneRun(2)]]);
    const eager = machine.provide({});
    const actor = createActor(eager);
    actor.start();
    actor.send({ type: 'off' });
    actor.subscribe(snapshot => {
      const running = snapshot.children.north?.getSnapshot().children.pool?.getSnapshot().context.runningCount;
      if (running === 2 && snapshot.matches('off')) actor.send({ type: 'on' });
    });
    await clock.advanceTo(at('10:30'));
    expect(take().sort()).toEqual(['starts 1', 'starts 2']);
    actor.stop();
  });

  it('are of one microgrid where several are invoked', async () => {
    const dispatches = [[oneRun(1)], [oneRun(2, { microgridId: 2 })]];
    const { machine, clock, take } = plant(dispatches, { microgridId: 2 });
    const actor = createActor(machine).start();
    await clock.advanceTo(at('10:00'));
    expect(take()).toEqual(['starts 2']);
    actor.send({ type: 'off' });
    actor.send({ type: 'on' });
    expect(take()).toEqual(['ends 2', 'starts 2']);
    actor.stop();
  });

  it('tell the machine of their problems', async () => {
    const { machine, clock, take } = plant([[oneRun(1, { payload: { kw: 99 } })]]);
    const actor = createActor(machine).start();
    await clock.advanceTo(at('10:01'));
    const problem = 'problem: the managed actor of dispatch 1 failed: too much';
    expect(take()).toEqual([problem, problem]);
    actor.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('are named in a snapshot by identities and ids only; restored, they start when the dispatcher says what is in force', async () => {
    const { machine, clock, take } = plant([[oneRun(1), oneRun(2)]], { mergeStrategy: mergeByType });
    const first = createActor(machine).start();
    await clock.advanceTo(at('10:10'));
    const snapshot: Snapshot<unknown> = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    take();
    const { children } = snapshot as unknown as { children: Record<string, { snapshot: { context: unknown } }> };
    expect(children.chargers?.snapshot.context).toEqual({
      identities: [{ identity: '["CHARGE",false]', dispatchIds: [1, 2] }],
    });
    const restored = createActor(machine, { snapshot }).start();
    expect(take()).toEqual([]);
    await clock.settle();
    expect(take()).toEqual(['starts 1', 'dispatch.reconfigured 2']);
    restored.stop();
  });

  it('restored after their run are not started', async () => {
    const { machine, clock, take } = plant([[oneRun(1)]]);
    const first = createActor(machine).start();
    await clock.advanceTo(at('10:10'));
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    take();
    clock.step(2 * hourMs);
    const restored = createActor(machine, { snapshot }).start();
    await clock.advanceBy(2 * minuteMs);
    expect(take()).toEqual([]);
    restored.stop();
  });
});

describe('managed actors alone', () => {
  const news = (type: 'running.started' | 'running.stopped'): RunningNotification => ({
    type,
    dispatch: oneRun(1),
    run: { startMs: at('10:00'), endMs: at('11:00') },
    cause: 'schedule',
    atMs: at('10:00'),
    lateMs: 0,
  });

  it('wait by the clock of their actor system where they get none', async () => {
    const clock = simulatedClock(at('10:00'));
    let attempts = 0;
    const logic = fromPromise<void, DispatchInfo>(async () => {
      attempts += 1;
      throw new Error('again');
    });
    const logged: unknown[] = [];
    const actor = createActor(managedActors(logic, { type: '*' }), {
      clock: clock.forXState(),
      logger: (...args) => void logged.push(...args),
    }).start();
    actor.send(news('running.started'));
    await clock.advanceBy(minuteMs);
    expect(attempts).toBe(2);
    // Nobody listens: what failed is logged.
    expect(logged).toMatchObject([{ code: 'CONSUMER_FAILED' }, { code: 'CONSUMER_FAILED' }]);
    const heard: string[] = [];
    actor.on('dispatcher.problem', ({ problem }) => heard.push(problem.message));
    await clock.advanceBy(minuteMs);
    expect(heard).toEqual(['the managed actor of dispatch 1 failed: again']);
    expect(logged).toHaveLength(2);
    actor.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('go on as after a restore when their root is started again, as React does', () => {
    const said: string[] = [];
    const logic = fromCallback<ManagedActorEvent, DispatchInfo>(({ input }) => {
      said.push(`starts ${input.dispatchId}`);
      return () => void said.push('ends');
    });
    const actor = createActor(managedActors(logic, { type: '*' }));
    const before = actor.getSnapshot();
    actor.start();
    actor.send(news('running.started'));
    actor.stop();
    Object.assign(actor, { _processingStatus: 0, _snapshot: before });
    actor.start();
    actor.send({ ...news('running.started'), type: 'running.resumed', cause: 'restore' } as RunningNotification);
    expect(said).toEqual(['starts 1', 'ends', 'starts 1']);
    actor.stop();
  });

  it.each([
    ['its first action', { entry: 'fail' }],
    ['an action', { on: { 'dispatch.reconfigured': { actions: 'fail' } } }],
    ['its last action', { exit: 'fail' }],
  ] as const)('leave nothing on of a machine that fails in %s', (_, config) => {
    const said: string[] = [];
    const machine = setup({
      types: { input: {} as DispatchInfo, events: {} as ManagedActorEvent },
      actors: {
        heater: fromCallback(() => {
          said.push('on');
          return () => void said.push('off');
        }),
      },
      actions: {
        fail: () => {
          throw new Error('it broke');
        },
      },
    }).createMachine({ invoke: { src: 'heater' }, ...config });
    const clock = simulatedClock(at('10:00'));
    const actor = createActor(managedActors(machine, { type: '*', clock }), { logger: () => {} }).start();
    actor.send(news('running.started'));
    actor.send({
      ...news('running.started'),
      type: 'running.reconfigured',
      dispatch: oneRun(1, { payload: { kw: 2 } }),
    } as RunningNotification);
    actor.send(news('running.stopped'));
    expect(said.join(' ')).toMatch(/^on off( on off)*$/);
    actor.stop();
  });

  it('take any logic with an input of DispatchInfo, and no other', () => {
    const other = fromPromise<void, { readonly what: string }>(async () => {});
    // @ts-expect-error Its input is another one.
    expect(managedActors(other, { type: '*' })).toBeDefined();
    expect(
      managedActors(
        fromPromise(async () => {}),
        { type: '*', retryIntervalMs: undefined },
      ),
    ).toBeDefined();
  });
});
