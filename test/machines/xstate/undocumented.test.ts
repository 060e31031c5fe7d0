// What XState does not document: that the installed version has it, and what takes over in one that has not.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext, runInThisContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AnyActor, createActor, emit, type InspectionEvent, setup, transition } from 'xstate';
import { beginningOf, dispatchMachine } from '../../../machines/dispatch/dispatchMachine.js';
import { dispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import { dispatchPool } from '../../../machines/pool/dispatchPool.js';
import type * as emitAndSendToParentModule from '../../../machines/xstate/emitAndSendToParent.js';
import { logicOf } from '../../../machines/xstate/logicOf.js';
import { parentOf } from '../../../machines/xstate/parentOf.js';
import { processingOf } from '../../../machines/xstate/processing.js';
import { sendFrom } from '../../../machines/xstate/sendFrom.js';
import { stopInSlices } from '../../../machines/xstate/stopInSlices.js';
import { withSharedInitialSnapshot } from '../../../machines/xstate/withSharedInitialSnapshot.js';
import { dispatcherActors } from '../../../src/dispatcher/dispatcherActors.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';
import { at } from '../../support/time.js';

/** An object as it were if XState did not have one of its properties. */
function without<T extends object>(whole: T, property: string): T {
  return new Proxy(whole, {
    has: (target, key) => key !== property && Reflect.has(target, key),
    get: (target, key) => (key === property ? undefined : Reflect.get(target, key)),
  });
}

/** A machine that invokes a dispatcher, the dispatcher, its pool and one of its dispatches. */
async function family() {
  const clock = simulatedClock(at('09:00'));
  const actors = dispatcherActors({ transport: memoryTransport([dispatchRecord()]), clock });
  const machine = setup({ actors: { dispatcher: dispatcherMachine.provide({ actors }) } }).createMachine({
    invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
  });
  const root = createActor(machine).start();
  await clock.settle();
  const dispatcher = root.getSnapshot().children.dispatcher as unknown as AnyActor;
  const pool = dispatcher.getSnapshot().children.pool as AnyActor;
  const dispatch = pool.getSnapshot().context.actor(1) as AnyActor;
  return { root, dispatcher, pool, dispatch, [Symbol.dispose]: () => void root.stop() };
}

describe('the parent of an actor', () => {
  it('is _parent', async () => {
    using actors = await family();
    expect('_parent' in actors.pool).toBe(true);
    expect(parentOf(actors.dispatch)).toBe(actors.pool);
    expect(parentOf(actors.pool)).toBe(actors.dispatcher);
    expect(parentOf(actors.root)).toBeUndefined();
  });

  it('is the option of createActor without it', async () => {
    using actors = await family();
    expect(parentOf(without(actors.dispatch, '_parent'))).toBe(actors.pool);
    expect(parentOf(without(actors.pool, '_parent'))).toBe(actors.dispatcher);
    expect(parentOf(without(actors.root, '_parent'))).toBeUndefined();
  });
});

describe('the logic of an actor', () => {
  it('is logic', async () => {
    using actors = await family();
    expect('logic' in actors.pool).toBe(true);
    expect(logicOf(actors.pool)).toBe(dispatchPool);
    expect(logicOf(actors.dispatch)?.config).toBe(dispatchMachine.config);
  });

  it('is what it was created from without it', async () => {
    using actors = await family();
    expect(logicOf(without(actors.pool, 'logic'))).toBe(dispatchPool);
    expect(logicOf(without(actors.dispatch, 'logic'))?.config).toBe(dispatchMachine.config);
    expect(logicOf(without(actors.dispatcher, 'logic'))?.config).toBe(dispatcherMachine.config);
    expect(logicOf(without(actors.root, 'logic'))).toBe(actors.root.logic);
    expect(logicOf(without(createActor(dispatchPool, { input: { microgridId: 1 } }), 'logic'))).toBe(dispatchPool);
  });
});

describe('an event from an actor to another', () => {
  const listener = setup({ types: { events: {} as { type: 'said' } } }).createMachine({
    initial: 'waiting',
    states: { waiting: { on: { said: 'told' } }, told: {} },
  });

  it('has its sender by _relay', () => {
    const senders: unknown[] = [];
    const inspect = (event: InspectionEvent) => {
      if (event.type === '@xstate.event' && event.event.type === 'said') senders.push(event.sourceRef);
    };
    const source = createActor(listener, { inspect }).start();
    const target = createActor(listener, { inspect }).start();
    sendFrom(source, target, { type: 'said' });
    expect(target.getSnapshot().value).toBe('told');
    expect(senders).toEqual([source]);
  });

  it('arrives without it', () => {
    const source = createActor(listener).start();
    const target = createActor(listener).start();
    sendFrom({ ...source, system: without(source.system, '_relay') } as unknown as AnyActor, target, { type: 'said' });
    expect(target.getSnapshot().value).toBe('told');
  });
});

describe('the children of an actor that is stopped', () => {
  it('are stopped at once when it has no clock', () => {
    const actors = Array.from({ length: 2_500 }, () => ({
      actor: createActor(dispatchPool, { input: { microgridId: 1 } }),
    }));
    const stopped = new Set<unknown>();
    const self = without(createActor(dispatchPool, { input: { microgridId: 1 } }), 'clock');
    stopInSlices({ self, stopChild: child => stopped.add(child) }, actors.values());
    expect(stopped.size).toBe(2_500);
  });
});

describe('an action that emits and sends to the parent', () => {
  type Said = { readonly type: 'said'; readonly n: number };
  const outputs: readonly Said[] = [1, 2, 3].map(n => ({ type: 'said', n }));
  const load = (): Promise<typeof emitAndSendToParentModule> =>
    import('../../../machines/xstate/emitAndSendToParent.js');

  afterEach(() => {
    vi.doUnmock('xstate');
    vi.resetModules();
  });

  async function play(leave: boolean) {
    const { emitAndSendToParent } = await load();
    const child = setup({
      types: { events: {} as { type: 'go' }, emitted: {} as Said },
      actions: { say: emitAndSendToParent<object, { type: 'go' }, undefined, Said>(() => outputs) },
    }).createMachine({ on: { go: { actions: 'say' } } });
    const heard: number[] = [];
    const got: number[] = [];
    const parent = setup({ types: { events: {} as Said }, actors: { child } }).createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: { id: 'child', src: 'child' },
          on: { said: { actions: ({ event }) => got.push(event.n), ...(leave && { target: 'off' }) } },
        },
        off: { on: { said: { actions: ({ event }) => got.push(event.n) } } },
      },
    });
    const root = createActor(child);
    root.on('said', ({ n }) => heard.push(n));
    root.start().send({ type: 'go' });
    const invoking = createActor(parent).start();
    invoking.getSnapshot().children.child?.send({ type: 'go' });
    const [, actions] = transition(child, child.resolveState({ context: {}, value: {} }), { type: 'go' });
    return { actionCount: actions.length, heard, got };
  }

  it('replaces resolve and execute of emit', async () => {
    expect({ ...emit({ type: 'said' }) }).toMatchObject({
      resolve: expect.any(Function),
      execute: expect.any(Function),
    });
    expect(await play(false)).toEqual({ actionCount: 1, heard: [1, 2, 3], got: [1, 2, 3] });
  });

  it('knows of a busy or stopping actor by its mailbox and its status', () => {
    const actor = createActor(dispatchPool, { input: { microgridId: 1 } });
    expect(actor).toMatchObject({ mailbox: { _current: null }, _processingStatus: 0 });
  });

  it('leaves out the rest for a parent that has left the state', async () => {
    expect((await play(true)).got).toEqual([1]);
  });

  it('is one for each event where emit is made otherwise', async () => {
    vi.resetModules();
    vi.doMock('xstate', async original => {
      const real = await original<typeof import('xstate')>();
      return { ...real, emit: () => () => {} };
    });
    expect(await play(false)).toEqual({ actionCount: 3, heard: [1, 2, 3], got: [1, 2, 3] });
  });
});

describe('the processing of an actor', () => {
  it('is _processingStatus, which tells of a stop before the start', () => {
    const actor = createActor(setup({}).createMachine({}));
    expect(processingOf(actor)).toBe('not started');
    expect(processingOf(actor.start())).toBe('running');
    expect(processingOf(actor.stop())).toBe('stopped');
    const unstarted = createActor(setup({}).createMachine({}));
    unstarted.stop();
    expect(processingOf(unstarted)).toBe('stopped');
    expect(processingOf(without(unstarted, '_processingStatus'))).toBe('not started');
  });
});

describe('the observers of an actor', () => {
  it('are observers, by which an actor hears that one above it failed', async () => {
    using actors = await family();
    const { observers } = actors.root as unknown as { observers: unknown };
    expect(observers).toBeInstanceOf(Set);
    expect([...(observers as Set<object>)].map(observer => 'error' in observer)).toContain(true);
  });
});

describe('a shared initial snapshot', () => {
  const sharing = withSharedInitialSnapshot(dispatchMachine, beginningOf);
  const input = { dispatch: dispatchRecord({ startTimeMs: at('10:00') }), atMs: at('09:00') };
  const newActor = () => createActor(sharing, { input }).start();

  it('has the properties of later snapshots and their hidden class, also after a garbage collection', () => {
    setFlagsFromString('--allow-natives-syntax');
    setFlagsFromString('--expose-gc');
    const haveSameMap: (a: object, b: object) => boolean = runInThisContext('(a, b) => %HaveSameMap(a, b)');
    const collectGarbage: () => void = runInNewContext('gc');
    const own = createActor(dispatchMachine, { input }).start().getSnapshot();
    newActor();
    for (let i = 0; i < 3; i++) {
      const actor = newActor();
      const shared = actor.getSnapshot();
      expect(Object.keys(shared)).toEqual(Object.keys(own));
      expect(haveSameMap(shared, own)).toBe(true);
      actor.send({ type: 'timer.due', atMs: at('10:00') });
      expect(actor.getSnapshot().value).toBe('running');
      expect(haveSameMap(shared, actor.getSnapshot())).toBe(true);
      collectGarbage();
    }
  });

  it('is computed by XState for each actor where it has other properties', () => {
    let computed = 0;
    const other = Object.assign(Object.create(dispatchMachine) as typeof dispatchMachine, {
      getInitialSnapshot: (...args: Parameters<typeof dispatchMachine.getInitialSnapshot>) => {
        computed += 1;
        return { ...dispatchMachine.getInitialSnapshot(...args), novel: computed };
      },
    });
    const machine = withSharedInitialSnapshot<typeof dispatchMachine>(other, beginningOf);
    expect([1, 2].map(() => createActor(machine, { input }).getSnapshot())).toMatchObject([{ novel: 1 }, { novel: 2 }]);
  });
});
