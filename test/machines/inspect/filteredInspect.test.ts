import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type AnyActor, createActor, type InspectionEvent, setup } from 'xstate';
import {
  dispatcherMachine,
  dispatchMachine,
  type FilteredInspectOptions,
  filteredInspect,
  inspectRunning,
  sourceLogic,
  timerLogic,
} from '../../../machines/index.js';
import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { dispatchRecord, version } from '../../support/dispatchRecord.js';
import { at } from '../../support/time.js';

function world(dispatches: readonly DispatchRecord[]) {
  const clock = simulatedClock(at('09:00'));
  const transport = memoryTransport(dispatches);
  const actors = {
    source: sourceLogic({ transport, clock, random: () => 0.99 }),
    timer: timerLogic({ clock, random: () => 0.5 }),
  };
  return { clock, transport, machine: dispatcherMachine.provide({ actors }) };
}

/** A dispatcher after its first sync, and what came through the filter since it was looked at last. */
async function inspected(options: FilteredInspectOptions, dispatches: readonly DispatchRecord[]) {
  const { clock, transport, machine } = world(dispatches);
  const view = viewer();
  const inspect = filteredInspect(view.inspect, options);
  const actor = createActor(machine, { id: 'dispatcher', input: { microgridId: 1 }, inspect }).start();
  await clock.settle();
  return { clock, transport, actor, ...view };
}

/** Takes inspection events down, one line each. */
function viewer() {
  let events: InspectionEvent[] = [];
  const take = () => {
    const since = events;
    events = [];
    return since;
  };
  return {
    inspect: (event: InspectionEvent) => {
      events.push(event);
    },
    take,
    /** All, such as `+ 1` (registered), `pool → 1 timer.due` and `1: running`. */
    seen: () => take().map(describeEvent),
    /** Those that name one of the dispatches. */
    seenOf: (...ids: number[]) =>
      take()
        .map(describeEvent)
        .filter(line => ids.some(id => new RegExp(`\\b${id}\\b`).test(line))),
  };
}

function describeEvent(event: InspectionEvent): string {
  const name = nameOf(event.actorRef);
  if (event.type === '@xstate.actor') return `+ ${name}`;
  if (event.type === '@xstate.event') return `${nameOf(event.sourceRef)} → ${name} ${event.event.type}`;
  if (event.type !== '@xstate.snapshot') return event.type;
  const { status, value } = event.snapshot as { status: string; value?: unknown };
  return `${name}: ${value === undefined || status === 'error' ? status : String(value)}`;
}

function nameOf(actor: object | undefined): string {
  return (actor as AnyActor | undefined)?.id ?? 'outside';
}

/** The dispatches that were registered. */
function registered(events: readonly InspectionEvent[]): string[] {
  return events.flatMap(event =>
    event.type === '@xstate.actor' && /^\d+$/.test(nameOf(event.actorRef)) ? [nameOf(event.actorRef)] : [],
  );
}

const updated = (n: number, overrides: Partial<DispatchRecord>) =>
  dispatchRecord({ updateTime: version(n), ...overrides });

describe('which dispatches are shown', () => {
  const three = [
    dispatchRecord({ id: 1, type: 'A' }),
    dispatchRecord({ id: 2, type: 'B', startTimeMs: at('09:00') }),
    dispatchRecord({ id: 3, type: 'B', active: false }),
  ];

  it.each<[string, FilteredInspectOptions, string[]]>([
    ['all', {}, ['1', '2', '3']],
    ['those of a type', { types: ['B'] }, ['2', '3']],
    ['those of an id', { ids: [1, 3, 99] }, ['1', '3']],
    ['those in a state', { states: ['idle', 'stopped'] }, ['1', '3']],
    ['those that meet all that is given', { types: ['B'], states: ['running'] }, ['2']],
    ['none', { types: [] }, []],
    ['as many as the limit', { limit: 1 }, ['1']],
  ])('%s', async (_, options, ids) => {
    const { actor, take } = await inspected(options, three);
    const events = take();
    expect(registered(events)).toEqual(ids);
    expect(events.slice(0, 5).map(describeEvent)).toEqual(['+ dispatcher', '+ pool', '+ store', '+ source', '+ timer']);
    actor.stop();
  });

  it('is said wrongly: a negative limit', () => {
    expect(() => filteredInspect(() => {}, { limit: -1 })).toThrow(new RangeError('limit must be 0 or more, got -1'));
  });

  it('comes with its state: from what makes it run to what ends the run', async () => {
    const { clock, actor, seen, seenOf } = await inspected({ states: ['running'] }, [dispatchRecord()]);
    expect(seen().filter(line => line.includes('1'))).toEqual([]);
    await clock.advanceTo(at('10:00'));
    expect(seen()).toEqual([
      'timer → dispatcher timer.due',
      'dispatcher → pool timer.due',
      '+ 1',
      'pool → 1 timer.due',
      '1 → pool running.started',
      '1: running',
      'pool → dispatcher pool.reported',
      'pool → dispatcher agenda.moved',
      'pool: active',
      'dispatcher: live',
      'dispatcher: live',
      'dispatcher → timer agenda.moved',
      'timer: active',
      'dispatcher: live',
    ]);
    await clock.advanceTo(at('10:30'));
    expect(seenOf(1)).toEqual(['pool → 1 timer.due', '1 → pool running.stopped', '1: stopped']);
    actor.stop();
    expect(seenOf(1)).toEqual([]);
  });

  it('comes with a change of its type, goes with another, and is registered once', async () => {
    const { clock, transport, actor, seenOf } = await inspected({ types: ['B'] }, [dispatchRecord({ type: 'A' })]);
    expect(seenOf(1)).toEqual([]);
    transport.put(updated(1, { type: 'B' }));
    await clock.settle();
    expect(seenOf(1)).toEqual(['+ 1', 'pool → 1 dispatch.updated', '1: idle']);
    transport.put(updated(2, { type: 'C' }));
    await clock.settle();
    expect(seenOf(1)).toEqual(['pool → 1 dispatch.updated', '1: idle']);
    await clock.advanceTo(at('10:10'));
    expect(seenOf(1)).toEqual([]);
    transport.put(updated(3, { type: 'B' }));
    await clock.settle();
    expect(seenOf(1)).toEqual([
      'pool → 1 dispatch.updated',
      '1 → pool running.stopped',
      '1 → pool running.started',
      '1: running',
    ]);
    actor.stop();
  });

  it('makes way for another when it is gone', async () => {
    const dispatches = [1, 2, 3].map(id => dispatchRecord({ id }));
    const { clock, transport, actor, seenOf } = await inspected({ limit: 1 }, dispatches);
    expect(seenOf(1, 2, 3)[0]).toBe('+ 1');
    transport.delete(1);
    await clock.settle();
    expect(seenOf(1, 2, 3)).toEqual(['pool → 1 dispatch.deleted', '1 → pool xstate.done.actor.1', '1: deleted']);
    await clock.advanceTo(at('10:00'));
    expect(seenOf(1, 2, 3)).toEqual(['+ 2', 'pool → 2 timer.due', '2 → pool running.started', '2: running']);
    actor.stop();
    expect(seenOf(1, 2, 3)).toEqual(['2: running']);
  });
});

describe('what else is shown', () => {
  it('leaves out what only concerns other dispatches, but not how many there are', async () => {
    const { clock, transport, actor, take, seen } = await inspected({ ids: [1] }, [dispatchRecord({ id: 2 })]);
    const pool = take().filter(event => event.type === '@xstate.snapshot' && nameOf(event.actorRef) === 'pool');
    expect(pool.at(-1)).toMatchObject({ snapshot: { context: { size: 1, shown: 0 } } });
    await clock.advanceTo(at('10:00'));
    transport.put(dispatchRecord({ id: 3 }));
    transport.delete(2);
    await clock.settle();
    expect(seen()).toEqual([]);
    actor.stop();
  });

  it.each<[string, FilteredInspectOptions, { listed: number[]; reported: number[] }]>([
    ['ids', { ids: [1, 3] }, { listed: [1, 3], reported: [1, 3] }],
    ['states', { states: ['running'] }, { listed: [], reported: [1, 2, 3] }],
    ['the limit', { limit: 1 }, { listed: [1, 2, 3], reported: [1] }],
  ])('names those that are shown in what the dispatcher hears, by %s', async (_, options, { listed, reported }) => {
    const dispatches = [1, 2, 3].map(id => dispatchRecord({ id }));
    const { clock, actor, take } = await inspected(options, dispatches);
    await clock.advanceTo(at('10:00'));
    const heard = take().flatMap(event => (event.type === '@xstate.event' ? [event.event] : []));
    const brief = (id: number) => ({ id, type: 'CHARGE' });
    // A list comes before it is known which of those that it brings will be shown.
    const lists = heard.filter(({ type }) => type === 'sync.listed').map(event => event.dispatches);
    expect(lists[0]).toEqual(listed.length === 0 ? undefined : { count: 3, first: listed.map(brief) });
    const started = (id: number) => ({
      type: 'running.started',
      dispatch: brief(id),
      run: { startMs: at('10:00'), endMs: at('10:30') },
      cause: 'schedule',
      atMs: at('10:00'),
      lateMs: 0,
    });
    const reports = heard.filter(({ type }) => type === 'pool.reported').map(event => event.outputs);
    expect(reports.at(-1)).toEqual({ count: 3, first: reported.map(started) });
    actor.stop();
  });

  it('shows problems, whatever they are about', async () => {
    const { clock, transport, actor, take } = await inspected({ ids: [] }, [dispatchRecord()]);
    take();
    transport.put(updated(1, { recurrence: { frequency: 'DAILY', interval: 0 } }));
    await clock.settle();
    const events = take();
    expect(events.map(describeEvent).slice(0, 3)).toEqual([
      'source → dispatcher sync.changed',
      'dispatcher → pool sync.changed',
      'pool → dispatcher pool.reported',
    ]);
    const problem = { code: 'UNEVALUABLE', dispatchId: 1, message: expect.stringContaining('interval') };
    expect(events[2]).toMatchObject({ event: { outputs: { first: [{ type: 'dispatcher.problem', problem }] } } });
    actor.stop();
  });

  it('shows a machine that fails to its end', async () => {
    const { clock, transport, actor, seenOf } = await inspected({}, [dispatchRecord({ startTimeMs: at('08:50') })]);
    seenOf(1);
    const payload = Object.defineProperty({}, 'kw', {
      enumerable: true,
      get: () => {
        throw new Error('unreadable');
      },
    });
    transport.put({ ...updated(1, { startTimeMs: at('08:50') }), payload });
    await clock.settle();
    expect(seenOf(1)).toEqual(['pool → 1 dispatch.updated', '1 → pool xstate.error.actor.1']);
    actor.stop();
  });

  it('keeps each message of the dispatcher and its pool below 10 kB, however long what it carries', async () => {
    const dispatches = Array.from({ length: 200 }, (_, i) =>
      dispatchRecord({
        id: Number.MAX_SAFE_INTEGER - i,
        type: `${i} ${'\u0001'.repeat(20_000)}`,
        payload: { text: 'x'.repeat(20_000) },
        ...(i % 50 === 0 && { durationMs: 0 }),
      }),
    );
    const { clock, transport, actor, take } = await inspected({}, dispatches);
    for (const { id } of dispatches) transport.garble(id);
    for (const [i, dispatch] of dispatches.entries()) {
      const recurrence = { frequency: 'DAILY', interval: 0 } as const;
      transport.put({ ...dispatch, updateTime: version(i), ...(i % 2 === 0 && { recurrence }) });
    }
    transport.cut();
    await clock.advanceTo(at('10:00'));
    actor.stop();
    const ofParents = take().filter(({ actorRef }) => ['dispatcher', 'pool'].includes(nameOf(actorRef)));
    expect(ofParents.length).toBeGreaterThan(50);
    const bytes = ofParents.map(({ actorRef: _, ...message }) => Buffer.byteLength(JSON.stringify(message)));
    expect(Math.max(...bytes)).toBeLessThan(9_000);
  });
});

describe('where the dispatcher is not all there is', () => {
  const user = (dispatcher: typeof dispatcherMachine) =>
    setup({
      types: { context: {} as { started: number }, events: {} as DispatcherOutput | { type: 'ping' } },
      actors: { dispatcher },
    }).createMachine({
      id: 'user',
      context: { started: 0 },
      invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
      initial: 'resting',
      states: { resting: { on: { 'running.started': 'working' } }, working: {} },
    });

  it('shows a machine that invokes it what is shown, and each change of its own', async () => {
    const { clock, machine } = world([
      dispatchRecord({ id: 1, startTimeMs: at('12:00') }),
      dispatchRecord({ id: 2, startTimeMs: at('11:00') }),
    ]);
    const { inspect, take } = viewer();
    const actor = createActor(user(machine), { id: 'user', inspect: filteredInspect(inspect, { ids: [1] }) }).start();
    const seenByUser = () =>
      take()
        .map(describeEvent)
        .filter(line => line.includes('user'));
    await clock.settle();
    expect(seenByUser()).toEqual([
      '+ user',
      'outside → user xstate.init',
      'user → dispatcher xstate.init',
      'dispatcher → user dispatcher.sync',
      'user: resting',
      'user: resting',
      'dispatcher → user dispatcher.sync',
      'user: resting',
      'dispatcher → user lifecycle.created',
      'user: resting',
      'dispatcher → user dispatcher.sync',
      'user: resting',
    ]);
    await clock.advanceTo(at('11:30'));
    expect(seenByUser()).toEqual(['user: working']);
    actor.send({ type: 'ping' });
    expect(seenByUser()).toEqual(['outside → user ping', 'user: working']);
    await clock.advanceTo(at('12:00'));
    expect(seenByUser()).toEqual(['dispatcher → user running.started', 'user: working']);
    actor.stop();
  });

  it('shows dispatches that have another parent, or none', () => {
    const { inspect, seen } = viewer();
    const input = { dispatch: dispatchRecord({ type: 'A' }), atMs: at('09:00') };
    const parent = setup({ actors: { dispatch: dispatchMachine } }).createMachine({
      invoke: [
        { id: 'a', src: 'dispatch', input },
        { id: 'b', src: 'dispatch', input: { ...input, dispatch: dispatchRecord({ type: 'B' }) } },
      ],
      initial: 'one',
      states: { one: {} },
    });
    createActor(parent, { id: 'parent', inspect: filteredInspect(inspect, { types: ['A'] }) }).start();
    expect(seen()).toEqual([
      '+ parent',
      'outside → parent xstate.init',
      '+ a',
      'parent → a xstate.init',
      'a: idle',
      'parent: one',
    ]);
    const actor = createActor(dispatchMachine, { id: 'alone', input, inspect: filteredInspect(inspect) }).start();
    actor.send({ type: 'timer.due', atMs: at('10:00') });
    expect(seen()).toEqual([
      '+ alone',
      'outside → alone xstate.init',
      'alone: idle',
      'outside → alone timer.due',
      'alone: running',
    ]);
  });

  it('keeps two dispatchers of one system apart', async () => {
    const first = world([dispatchRecord({ id: 1 }), dispatchRecord({ id: 2 })]);
    const second = world([dispatchRecord({ id: 3, microgridId: 2 }), dispatchRecord({ id: 4, microgridId: 2 })]);
    const both = setup({ actors: { first: first.machine, second: second.machine } }).createMachine({
      invoke: [
        { id: 'first', src: 'first', input: { microgridId: 1 } },
        { id: 'second', src: 'second', input: { microgridId: 2 } },
      ],
    });
    const { inspect, take } = viewer();
    const actor = createActor(both, { inspect: filteredInspect(inspect, { limit: 1 }) }).start();
    await first.clock.settle();
    await second.clock.settle();
    expect(registered(take()).sort()).toEqual(['1', '3']);
    await second.clock.advanceTo(at('10:00'));
    expect(take().map(describeEvent)).toContain('3: running');
    actor.stop();
  });
});

describe('an observer that comes later', () => {
  it('is first shown what is there, then what happens, until it goes', async () => {
    const { clock, machine } = world([1, 2, 3].map(id => dispatchRecord({ id })));
    const actor = createActor(machine, { id: 'dispatcher', input: { microgridId: 1 } }).start();
    await clock.settle();
    const { inspect, seen, seenOf } = viewer();
    const undo = inspectRunning(actor, filteredInspect(inspect, { ids: [2] }));
    expect(seen()).toEqual([
      '+ dispatcher',
      'dispatcher: live',
      '+ pool',
      'pool: active',
      '+ 2',
      '2: idle',
      '+ store',
      'store: active',
      '+ source',
      'source: active',
      '+ timer',
      'timer: active',
    ]);
    await clock.advanceTo(at('10:00'));
    expect(seenOf(1, 2, 3)).toEqual(['pool → 2 timer.due', '2 → pool running.started', '2: running']);
    undo();
    await clock.advanceTo(at('10:30'));
    expect(seen()).toEqual([]);
    actor.stop();
  });
});

it('takes an observer too, and uses it as one', async () => {
  const events: string[] = [];
  class Own {
    readonly name = 'own';
    next(event: InspectionEvent) {
      events.push(`${this.name} ${describeEvent(event)}`);
    }
  }
  const input = { dispatch: dispatchRecord(), atMs: at('09:00') };
  createActor(dispatchMachine, { id: 'alone', input, inspect: filteredInspect(new Own()) }).start();
  expect(events[0]).toBe('own + alone');
});

it('lets go of dispatches that are gone, shown or not', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  const { clock, transport, actor, take } = await inspected(
    { limit: 2 },
    [1, 2, 3].map(id => dispatchRecord({ id })),
  );
  const pool = actor.getSnapshot().children.pool?.getSnapshot().context;
  const refs = [1, 2, 3].map(id => new WeakRef(pool?.actor(id) ?? {}));
  const isThere = () => refs.map(ref => ref.deref() !== undefined);
  expect(isThere()).toEqual([true, true, true]);
  transport.delete(2);
  transport.delete(3);
  await clock.settle();
  take();
  collectGarbage();
  expect(isThere()).toEqual([true, false, false]);
  actor.stop();
});
