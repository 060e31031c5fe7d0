import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type AnyActorRef, assign, createActor, fromCallback, type InspectionEvent, setup } from 'xstate';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { DispatcherOutput } from '../../machines/protocol/dispatcherOutput.js';
import type { DispatcherStore, StoredPage } from '../../machines/protocol/dispatcherStore.js';
import type { SourceCommand } from '../../machines/protocol/messages.js';
import type { OpenTransport, Transport } from '../../machines/protocol/transport.js';
import { type DispatcherActorsOptions, dispatcherActors } from '../../src/dispatcher/dispatcherActors.js';
import { type Logger, silentLogger } from '../../src/logger.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { dispatchRecord } from '../support/dispatchRecord.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { at } from '../support/time.js';

/** A dispatch that runs since 8:50, without end, and one from 10:00 to 10:30. */
const dispatches = [dispatchRecord({ startTimeMs: at('08:50'), durationMs: null }), dispatchRecord({ id: 2 })];

/** A plant that invokes a dispatcher in `on`, and notes what reaches it in each of its states. */
function embed({
  takesProblems = true,
  ...options
}: Partial<DispatcherActorsOptions> & { takesProblems?: boolean } = {}) {
  const clock = simulatedClock(at('09:00'));
  const transport = memoryTransport(dispatches);
  const logged: string[] = [];
  const logger: Logger = { debug() {}, info() {}, error() {}, warn: (_, text) => logged.push(text) };
  const given = { transport, clock, logger, ...options } as DispatcherActorsOptions;
  const machine = dispatcherMachine.provide({ actors: dispatcherActors(given) });
  const plant = setup({
    types: {
      context: {} as { seen: readonly string[]; error: unknown },
      events: {} as DispatcherOutput | { type: 'leave' },
    },
    actors: { dispatcher: machine },
    actions: {
      see: assign({ seen: ({ context, event }) => [...context.seen, describeOutput(event)] }),
    },
    guards: { takesProblems: () => takesProblems },
  }).createMachine({
    context: { seen: [], error: null },
    initial: 'on',
    states: {
      on: {
        invoke: {
          id: 'dispatcher',
          src: 'dispatcher',
          input: { microgridId: 1 },
          onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
        },
        on: { leave: 'off' },
      },
      off: {},
      failed: {},
    },
    on: {
      'running.*': { actions: 'see' },
      'lifecycle.*': { actions: 'see' },
      'dispatcher.restored': { actions: 'see' },
      'dispatcher.problem': { guard: 'takesProblems', actions: 'see' },
    },
  });
  const start = (snapshot?: never) => {
    const actor = createActor(plant, snapshot === undefined ? {} : { snapshot }).start();
    onTestFinished(() => void actor.stop());
    let taken = 0;
    return {
      actor,
      state: () => actor.getSnapshot().children.dispatcher?.getSnapshot().value,
      said: () => {
        const { seen } = actor.getSnapshot().context;
        const since = seen.slice(taken);
        taken = seen.length;
        return since;
      },
    };
  };
  const left = () => ({ timers: clock.pendingTimers, streams: transport.openStreams });
  return { clock, transport, logged, plant, machine, start, left };
}

function describeOutput(event: DispatcherOutput | { type: 'leave' }): string {
  if (event.type === 'dispatcher.problem') return event.problem.message;
  return 'dispatch' in event ? `${event.dispatch.id} ${event.type}` : event.type;
}

const nothing = { timers: 0, streams: 0 };

describe('a store that somebody else has', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  async function locked() {
    const path = `${folder.path}/dispatches.db`;
    const owner = embed({ store: sqliteStore(path) });
    const before = owner.start();
    await untilIt(() => before.state() === 'live', owner.clock);
    const waiting = embed({ store: sqliteStore(path) });
    return { owner, before, waiting, path };
  }

  it('is told once, and nothing is connected or announced until it is free', async () => {
    const { owner, before, waiting } = await locked();
    const after = waiting.start();
    await untilIt(() => after.said().length > 0, waiting.clock);
    for (let i = 0; i < 5; i++) await waiting.clock.advanceBy(1_000);
    expect(after.state()).toBe('starting');
    expect(after.said()).toEqual([]);
    expect(waiting.transport.openStreams).toBe(0);
    before.actor.stop();
    await untilIt(() => after.state() === 'live', waiting.clock);
    expect(after.said()).toEqual(['dispatcher.restored', '1 running.resumed']);
    expect(owner.left()).toEqual(nothing);
  });

  it('keeps a snapshot waiting too', async () => {
    const { before, waiting } = await locked();
    const other = embed();
    const snapshot = other.start();
    await other.clock.settle();
    const persisted = JSON.parse(JSON.stringify(snapshot.actor.getPersistedSnapshot()));
    const after = waiting.start(persisted as never);
    after.said();
    await untilIt(() => after.said().length > 0, waiting.clock);
    await waiting.clock.advanceBy(5_000);
    expect({ state: after.state(), said: after.said() }).toEqual({ state: 'starting', said: [] });
    before.actor.stop();
    await untilIt(() => after.state() === 'live', waiting.clock);
    expect(after.said()).toEqual(['dispatcher.restored', '1 running.resumed']);
  });

  it('is left alone by a snapshot that was taken while it was waited for', async () => {
    const { before, waiting } = await locked();
    const after = waiting.start();
    await untilIt(() => after.said().length > 0, waiting.clock);
    const snapshot = JSON.parse(JSON.stringify(after.actor.getPersistedSnapshot()));
    after.actor.stop();
    before.actor.stop();
    const last = waiting.start(snapshot as never);
    last.said();
    await untilIt(() => last.state() === 'live', waiting.clock);
    // What the store had, not the nothing of the snapshot.
    const said = last.said().filter(line => !line.includes('in use'));
    expect(said).toEqual(['dispatcher.restored', '1 running.resumed']);
  });

  it('is waited for no longer when the plant leaves', async () => {
    const { before, waiting } = await locked();
    const after = waiting.start();
    await untilIt(() => after.said().length > 0, waiting.clock);
    after.actor.send({ type: 'leave' });
    expect(waiting.left()).toEqual(nothing);
    before.actor.stop();
    await waiting.clock.advanceBy(5_000);
    expect(waiting.left()).toEqual(nothing);
    expect(after.said()).toEqual([]);
  });

  it('is open again for the same process right after its end, however that came', async () => {
    const path = `${folder.path}/dispatches.db`;
    const store = sqliteStore(path);
    for (const end of ['stop', 'leave', 'stop at once', 'dispatcher.stop', 'last']) {
      const world = embed({ store });
      const one = world.start();
      if (end !== 'stop at once') await untilIt(() => one.state() === 'live', world.clock);
      expect(one.said().filter(line => !/restored|resumed|lifecycle|started/.test(line))).toEqual([]);
      if (end === 'leave') one.actor.send({ type: 'leave' });
      else if (end === 'dispatcher.stop') one.actor.getSnapshot().children.dispatcher?.send({ type: end });
      else one.actor.stop();
    }
    const other = sqliteStore(path);
    await expect.poll(() => other.open({ microgridId: 1 }).catch(({ code }) => code)).toMatchObject({ synced: true });
    await other.close({ microgridId: 1 });
  });
});

/** Lets time pass until something holds; a file is opened and written in real time. */
async function untilIt(holds: () => boolean, clock: ReturnType<typeof simulatedClock>): Promise<void> {
  await expect
    .poll(
      async () => {
        await clock.advanceBy(100);
        return holds();
      },
      { timeout: 10_000, interval: 5 },
    )
    .toBe(true);
}

const broken = () => new Error('the disk is gone');

/** Ways in which a method of a store can fail. */
const throwers: Record<string, () => never | Promise<never>> = {
  throws: () => {
    throw broken();
  },
  rejects: () => Promise.reject(broken()),
};

describe.each(Object.entries(throwers))('a store of which a method %s', (_, fail) => {
  it.each(['open', 'load', 'save', 'close'] as const)(
    'is a problem when it is %s, and the service is followed',
    async method => {
      const kept = storeInMemory();
      let closes = 0;
      const closed: (string | undefined)[] = [];
      const store: DispatcherStore = {
        ...kept,
        close: of => {
          closes += 1;
          return kept.close(of);
        },
        [method]: () => {
          if (method === 'close') closes += 1;
          return fail();
        },
      };
      const world = embed({ store, onStoreClosed: problem => closed.push(problem?.message) });
      const { actor, state, said } = world.start();
      await world.clock.advanceBy(30_000);
      expect(state()).toBe('live');
      const lines = said();
      expect(lines.filter(line => /^\d+ running/.test(line))).toEqual(['1 running.started']);
      expect(lines.filter(line => line === 'the disk is gone')).toHaveLength(method === 'close' ? 0 : 1);
      actor.stop();
      await world.clock.settle();
      expect(world.left()).toEqual(nothing);
      expect(closes).toBe(method === 'open' ? 0 : 1);
      expect(closed).toEqual([method === 'save' || method === 'close' ? 'the disk is gone' : undefined]);
    },
  );
});

it.each([
  ['no page', undefined],
  ['a page without dispatches', { problems: [] }],
  ['a page of something else', { dispatches: 'all of them', problems: [] }],
  ['dispatches that are none', { dispatches: [1, null, {}], problems: [] }],
  ['problems that are none', { dispatches: [], problems: ['it is wet'] }],
])('a store that brings %s is a problem, and the service is followed', async (_, page) => {
  const store: DispatcherStore = {
    ...storeInMemory(),
    async *load() {
      yield page as never as StoredPage;
    },
  };
  const { clock, start } = embed({ store });
  const { state, said } = start();
  await clock.advanceBy(3_000);
  expect(state()).toBe('live');
  const lines = said();
  expect(lines.filter(line => /^\d+ running/.test(line))).toEqual(['1 running.started']);
  expect(lines.filter(line => !/^\d+ |dispatcher\.restored/.test(line)).length).toBeGreaterThan(0);
});

describe('a dispatcher that cannot begin', () => {
  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', null, undefined])(
    'with microgrid %s is an error that the plant takes with onError',
    microgridId => {
      const { machine, left } = embed();
      const plant = setup({
        types: { context: {} as { error: unknown } },
        actors: { dispatcher: machine },
      }).createMachine({
        context: { error: null },
        initial: 'on',
        states: {
          on: {
            invoke: {
              src: 'dispatcher',
              input: { microgridId: microgridId as number },
              onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
            },
          },
          failed: {},
        },
      });
      const actor = createActor(plant).start();
      const error = { code: 'INVALID_ARGUMENT', field: 'input.microgridId' };
      expect(actor.getSnapshot()).toMatchObject({ value: 'failed', context: { error } });
      const root = createActor(machine, { input: { microgridId: microgridId as number } });
      const errors: unknown[] = [];
      root.subscribe({ error: failure => errors.push(failure) });
      root.start();
      expect(errors).toEqual([expect.objectContaining(error)]);
      expect(left()).toEqual(nothing);
    },
  );

  it.each(['source', 'timer', 'both'])(
    'without its %s is an error that the plant takes with onError',
    async missing => {
      const world = embed();
      const { source, timer } = dispatcherActors({ transport: world.transport, clock: world.clock });
      const actors = { ...(missing === 'timer' && { source }), ...(missing === 'source' && { timer }) };
      const plant = setup({
        types: { context: {} as { error: unknown } },
        actors: { dispatcher: dispatcherMachine.provide({ actors }) },
      }).createMachine({
        context: { error: null },
        initial: 'on',
        states: {
          on: {
            invoke: {
              src: 'dispatcher',
              input: { microgridId: 1 },
              onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
            },
          },
          failed: {},
        },
      });
      const actor = createActor(plant).start();
      const message = expect.stringContaining('dispatcherActors({ address })');
      expect(actor.getSnapshot()).toMatchObject({ value: 'failed', context: { error: { code: 'INTERNAL', message } } });
      await world.clock.settle();
      expect(world.left()).toEqual(nothing);
    },
  );
});

describe('a part that fails', () => {
  it.each(['pool', 'source', 'timer', 'store'])(
    'ends the dispatcher with an error when it is the %s, and all is released',
    async part => {
      let closes = 0;
      const kept = storeInMemory();
      const store: DispatcherStore = {
        ...kept,
        close: async () => {
          closes += 1;
        },
      };
      const world = embed({ store });
      const { actor, said } = world.start();
      await world.clock.advanceBy(3_000);
      said();
      const error = new Error('broken');
      const dispatcher: AnyActorRef | undefined = actor.getSnapshot().children.dispatcher;
      dispatcher?.send({ type: `xstate.error.actor.${part}`, error });
      expect(said()).toEqual([`the dispatcher stopped because its ${part} failed: broken`]);
      expect(actor.getSnapshot()).toMatchObject({
        value: 'failed',
        context: { error: { code: 'INTERNAL', cause: error } },
      });
      await world.clock.advanceBy(60_000);
      expect(world.left()).toEqual(nothing);
      expect(closes).toBe(1);
      expect(said()).toEqual([]);
    },
  );

  it('ends it when it is a transport that cannot be opened', () => {
    const open = (): OpenTransport => {
      throw new Error('no route');
    };
    const world = embed();
    const source = fromCallback<SourceCommand, { microgridId: number }>(() => {
      open();
    });
    const actors = { ...dispatcherActors({ transport: world.transport, clock: world.clock }), source };
    const errors: unknown[] = [];
    const actor = createActor(dispatcherMachine.provide({ actors }), { input: { microgridId: 1 } });
    actor.subscribe({ error: error => errors.push(error) });
    actor.start();
    expect(errors).toMatchObject([
      { code: 'INTERNAL', message: 'the dispatcher stopped because its source failed: no route' },
    ]);
    expect(world.left()).toEqual(nothing);
  });
});

describe('a problem', () => {
  const wrong: Transport = {
    list: memoryTransport().list,
    watch: () => {
      throw new DispatchError('UNAVAILABLE', 'nobody there');
    },
  };

  it('that the plant does not take is logged', async () => {
    const { clock, logged, start } = embed({ takesProblems: false, transport: wrong });
    const { said } = start();
    // The second try comes at once, later ones after random waits.
    await clock.advanceBy(0);
    expect(said()).toEqual([]);
    expect(logged).toEqual(['nobody there', 'nobody there']);
  });

  it('is logged with its code and the microgrid of its dispatcher', async () => {
    const fields: object[] = [];
    const logger: Logger = { ...silentLogger, warn: about => fields.push(about) };
    const { clock, start } = embed({ takesProblems: false, transport: wrong, logger });
    start();
    await clock.advanceBy(0);
    expect(fields[0]).toEqual({ code: 'UNAVAILABLE', microgridId: 1 });
  });

  it.each(['the plant', 'a listener'])('that %s takes is not logged', async who => {
    const { clock, logged, start, machine } = embed({ takesProblems: who === 'the plant', transport: wrong });
    if (who === 'the plant') {
      const { said } = start();
      await clock.advanceBy(100);
      expect(said()).not.toEqual([]);
    } else {
      const actor = createActor(machine, { input: { microgridId: 1 } });
      const problems: string[] = [];
      actor.on('dispatcher.problem', ({ problem }) => problems.push(problem.message));
      actor.start();
      await clock.advanceBy(100);
      expect(problems).not.toEqual([]);
      actor.stop();
    }
    expect(logged).toEqual([]);
  });

  it('of one dispatch among many is logged too', async () => {
    const { clock, logged, transport, start } = embed({ takesProblems: false });
    transport.putSilently(dispatchRecord({ id: 3, recurrence: { frequency: 'DAILY', interval: 0 } }));
    start();
    await clock.advanceBy(100);
    expect(logged).toEqual([expect.stringContaining('dispatch 3 cannot be evaluated')]);
  });

  it('harms nobody when the logger throws', async () => {
    const logger: Logger = {
      debug() {},
      info() {},
      error() {},
      warn: () => {
        throw new Error('no paper');
      },
    };
    const { clock, transport, start } = embed({ takesProblems: false, logger });
    transport.failNext('watch', new DispatchError('UNAVAILABLE', 'nobody there'));
    const { state, said } = start();
    await clock.advanceTo(at('10:00'));
    expect(state()).toBe('live');
    expect(said().filter(line => /^\d+ running/.test(line))).toEqual(['1 running.started', '2 running.started']);
  });
});

describe('a transport', () => {
  const lost = () => new DispatchError('UNAVAILABLE', 'it is lost');
  const good = memoryTransport(dispatches);
  const never = new Promise<never>(() => {});
  const failures: Record<string, Partial<Transport>> = {
    'throws when it is to watch': {
      watch: () => {
        throw lost();
      },
    },
    'gives nothing to watch': { watch: () => undefined as never },
    'rejects the opening': {
      watch: () => ({ opened: Promise.reject<void>(lost()), [Symbol.asyncIterator]: () => ({ next: () => never }) }),
    },
    'throws in the stream': {
      watch: () => ({
        opened: Promise.resolve(),
        [Symbol.asyncIterator]: () => ({
          next: () => {
            throw lost();
          },
        }),
      }),
    },
    'throws when it is to list': {
      list: () => {
        throw lost();
      },
    },
    'gives no list': { list: () => undefined as never },
    'breaks off the list': {
      list: async function* ({ endFromMs, microgridId, signal }) {
        yield* good.list({ endFromMs, microgridId, signal });
        throw lost();
      },
    },
  };

  it.each(Object.entries(failures))(
    'that %s is a problem and tried again, until the dispatcher is live',
    async (_, failure) => {
      let left = 3;
      const transport: Transport = {
        watch: of => {
          left -= 1;
          return left > 0 && failure.watch ? failure.watch(of) : good.watch(of);
        },
        list: of => (left > 0 && failure.list ? failure.list(of) : good.list(of)),
      };
      const world = embed({ transport });
      const { actor, state, said } = world.start();
      await world.clock.advanceTo(at('10:00'));
      expect(state()).toBe('live');
      const lines = said();
      expect(lines.filter(line => /^\d+ running/.test(line)).sort()).toEqual([
        '1 running.started',
        '2 running.started',
      ]);
      expect(lines.filter(line => !/^\d+ /.test(line)).length).toBeGreaterThan(0);
      actor.stop();
      expect({ timers: world.clock.pendingTimers, streams: good.openStreams }).toEqual(nothing);
    },
  );

  it('that throws when it is closed is a problem that is logged', async () => {
    const logged: string[] = [];
    const world = embed();
    const logger: Logger = { debug() {}, info() {}, error() {}, warn: (_, text) => logged.push(text) };
    const { sourceLogic } = await import('../../machines/actors/sourceLogic.js');
    const source = sourceLogic({
      clock: world.clock,
      onUnheardProblem: ({ message }) => logger.warn({}, message),
      transport: () => ({
        ...world.transport,
        close: () => {
          throw new Error('it is stuck');
        },
      }),
    });
    const actors = { ...dispatcherActors({ transport: world.transport, clock: world.clock }), source };
    const actor = createActor(dispatcherMachine.provide({ actors }), { input: { microgridId: 1 } }).start();
    await world.clock.settle();
    actor.stop();
    expect(logged).toEqual(['it is stuck']);
    expect(world.left()).toEqual(nothing);
  });
});

describe('a plant that leaves the state in the middle of a burst', () => {
  const many = Array.from({ length: 200 }, (_, i) => dispatchRecord({ id: i + 1 }));

  function leaving(type: DispatcherOutput['type'], transport = memoryTransport(many), now = '09:59:59') {
    const clock = simulatedClock(at(now));
    const actors = dispatcherActors({ transport, clock });
    const plant = setup({
      types: { context: {} as { late: readonly string[] }, events: {} as DispatcherOutput },
      actors: { dispatcher: dispatcherMachine.provide({ actors }) },
    }).createMachine({
      context: { late: [] },
      initial: 'on',
      states: {
        on: { invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } }, on: { [type]: 'off' } },
        off: { on: { '*': { actions: assign({ late: ({ context, event }) => [...context.late, event.type] }) } } },
      },
    });
    return { clock, plant };
  }

  it.each(['dispatcher.sync', 'lifecycle.created', 'running.started', 'running.stopped'] as const)(
    'hears nothing more after its first %s',
    async type => {
      const { clock, plant } = leaving(type);
      const actor = createActor(plant).start();
      await clock.advanceTo(at('10:31'));
      expect(actor.getSnapshot()).toMatchObject({ value: 'off', context: { late: [] } });
      expect(clock.pendingTimers).toBe(0);
      actor.stop();
    },
  );

  it.each(['dispatcher.restored', 'running.resumed', 'dispatcher.sync'] as const)(
    'hears nothing more after its first %s of a restore',
    async type => {
      const { clock, plant } = leaving('dispatcher.problem', memoryTransport(many), '10:05');
      const first = createActor(plant).start();
      await clock.settle();
      const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
      first.stop();
      const after = leaving(type, memoryTransport(many), '10:05');
      const actor = createActor(after.plant, { snapshot }).start();
      await after.clock.advanceTo(at('10:31'));
      expect(actor.getSnapshot()).toMatchObject({ value: 'off', context: { late: [] } });
      expect(after.clock.pendingTimers).toBe(0);
      actor.stop();
    },
  );

  it('hears nothing more of problems', async () => {
    const bad = many.map(dispatch => ({ ...dispatch, recurrence: { frequency: 'DAILY', interval: 0 } as const }));
    const { clock, plant } = leaving('dispatcher.problem', memoryTransport(bad));
    const actor = createActor(plant).start();
    await clock.advanceBy(1_000);
    expect(actor.getSnapshot()).toMatchObject({ value: 'off', context: { late: [] } });
    actor.stop();
  });

  it('is no matter for listeners that stop a root actor at the first: they hear one', async () => {
    const clock = simulatedClock(at('09:00'));
    const actors = dispatcherActors({ transport: memoryTransport(many), clock });
    const actor = createActor(dispatcherMachine.provide({ actors }), { input: { microgridId: 1 } });
    const heard: number[] = [];
    actor.on('running.started', ({ dispatch }) => {
      heard.push(dispatch.id);
      actor.stop();
    });
    actor.start();
    await clock.advanceTo(at('10:01'));
    expect(heard).toEqual([1]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('an inspector that throws', () => {
  it.each([
    'timer.due',
    'retry.due',
    'source.lost',
    'store.ready',
    'changes.wanted',
    'restore.ended',
    'clock.wentBack',
  ])('at the first %s ends no timer, and nothing is lost', async type => {
    const rejected: unknown[] = [];
    const note = (error: unknown) => rejected.push(error);
    const before = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
    onTestFinished(() => {
      process.off('unhandledRejection', note);
      for (const listener of before) process.on('unhandledRejection', listener);
    });
    const { clock, transport, plant, left } = embed({ store: storeInMemory() });
    transport.failNext('watch', new DispatchError('UNAVAILABLE', 'nobody there'));
    transport.failNext('watch', new DispatchError('UNAVAILABLE', 'nobody there'));
    let isArmed = true;
    const inspect = (event: InspectionEvent) => {
      // What an actor is sent from outside of a transition.
      const isFirst = isArmed && event.type === '@xstate.event' && event.event.type === type;
      if (!isFirst || (event.actorRef as AnyActorRef).id !== 'dispatcher') return;
      isArmed = false;
      throw new Error('the inspector broke');
    };
    const actor = createActor(plant, { inspect }).start();
    const thrown: unknown[] = [];
    const advance = (ms: number) => clock.advanceBy(ms).catch(error => void thrown.push(error));
    for (let i = 0; i < 20; i++) await advance(1_000);
    clock.step(-5_000);
    for (let i = 0; i < 20; i++) await advance(1_000);
    while (clock.nowMs() < at('10:30')) await advance(60_000);
    const { seen } = actor.getSnapshot().context;
    expect(seen.filter(line => /^\d+ running/.test(line))).toEqual([
      '1 running.started',
      '2 running.started',
      '2 running.stopped',
    ]);
    expect(isArmed).toBe(false);
    expect(thrown.length + rejected.length).toBeGreaterThan(0);
    actor.stop();
    await clock.settle();
    expect(left()).toEqual(nothing);
  });
});
