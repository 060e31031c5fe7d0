import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AnyActorLogic, type AnyStateMachine, createActor, setup } from 'xstate';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import { dispatcherActors } from '../../src/dispatcher/dispatcherActors.js';
import { silentLogger } from '../../src/logger.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { at } from '../support/time.js';

/** A dispatcher for machines that fail, and what is left of it. */
function dispatcherOfTest() {
  const clock = simulatedClock(at('09:00'));
  const transport = memoryTransport([dispatchRecord({ startTimeMs: at('09:00') + 1_000 })]);
  const memory = storeInMemory();
  const calls: string[] = [];
  const store = {
    ...memory,
    open: async (of: { microgridId: number }) => {
      calls.push('open');
      return memory.open(of);
    },
    close: async (of: { microgridId: number }) => {
      calls.push('close');
      return memory.close(of);
    },
  };
  const actors = dispatcherActors({ transport, clock, store, logger: silentLogger });
  return {
    clock,
    logic: dispatcherMachine.provide({ actors }),
    left: () => ({ timers: clock.pendingTimers, streams: transport.openStreams, calls }),
  };
}

const nothing = { timers: 0, streams: 0, calls: ['open', 'close'] };

const invoke = { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } } as const;
const fail = () => {
  throw new Error('the plant failed');
};

/** A machine that invokes the dispatcher and fails when a run starts. */
const plants: readonly [string, (dispatcher: AnyActorLogic) => AnyStateMachine][] = [
  [
    'an action',
    dispatcher =>
      setup({ actors: { dispatcher } }).createMachine({ invoke, on: { 'running.started': { actions: fail } } }),
  ],
  [
    'a guard',
    dispatcher =>
      setup({ actors: { dispatcher } }).createMachine({
        invoke,
        on: { 'running.started': { guard: fail, actions: [] } },
      }),
  ],
  [
    'the entry of a state',
    dispatcher =>
      setup({ actors: { dispatcher } }).createMachine({
        invoke,
        initial: 'idle',
        states: { idle: { on: { 'running.started': 'on' } }, on: { entry: fail } },
      }),
  ],
  [
    'an event of its own',
    dispatcher =>
      setup({ actors: { dispatcher } }).createMachine({
        invoke,
        after: { 1000: { actions: fail } },
      }),
  ],
];

describe.each(plants)('a machine that fails in %s', (_, plantOf) => {
  it.each([
    ['with an observer', true],
    ['without', false],
  ])('stops the dispatcher that it invoked, and the error is reported as ever, %s', async (_, isObserved) => {
    const { clock, logic, left } = dispatcherOfTest();
    const errors: unknown[] = [];
    // XState reports an error that nobody takes by throwing it in a timer without a delay. Other timers are those of the test's own process.
    const unhandled: (() => void)[] = [];
    const { setTimeout } = globalThis;
    const timers = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, delayMs?: number) => {
      if (delayMs === undefined) unhandled.push(callback);
      else return setTimeout(callback, delayMs);
    }) as never);
    onTestFinished(() => timers.mockRestore());
    const root = createActor(plantOf(logic), { clock: clock.forXState() });
    if (isObserved) root.subscribe({ error: error => errors.push(error) });
    root.start();
    await clock.settle();
    await clock.advanceBy(2_000);
    expect(root.getSnapshot().status).toBe('error');
    expect(errors).toHaveLength(isObserved ? 1 : 0);
    expect(unhandled).toHaveLength(isObserved ? 0 : 1);
    for (const report of unhandled) expect(report).toThrow('the plant failed');
    expect(left()).toEqual(nothing);
    root.stop();
    await clock.settle();
    expect(left()).toEqual(nothing);
  });

  it('stops it also below a machine that handles the failure, and another can begin', async () => {
    const { clock, logic, left } = dispatcherOfTest();
    const grandparent = setup({ actors: { plant: plantOf(logic) } }).createMachine({
      initial: 'on',
      states: { on: { invoke: { src: 'plant', onError: 'off' } }, off: {} },
    });
    const root = createActor(grandparent, { clock: clock.forXState() }).start();
    await clock.settle();
    await clock.advanceBy(2_000);
    expect(root.getSnapshot().value).toBe('off');
    expect(left()).toEqual(nothing);
    root.stop();
  });
});

it('a dispatcher that has ended leaves nothing with the machines above it', async () => {
  const { clock, logic } = dispatcherOfTest();
  const plant = setup({ actors: { dispatcher: logic } }).createMachine({
    initial: 'off',
    states: { off: { on: { switch: 'on' } }, on: { invoke, on: { switch: 'off' } } },
  });
  const root = createActor(plant).start();
  const { size } = (root as unknown as { observers: Set<unknown> }).observers;
  for (let i = 0; i < 10; i++) {
    root.send({ type: 'switch' });
    await clock.settle();
  }
  expect((root as unknown as { observers: Set<unknown> }).observers.size).toBe(size);
  root.stop();
});
