import { describe, expect, it } from 'vitest';
import { createActor, createMachine, type InspectionEvent, initialTransition, setup, transition } from 'xstate';
import type { DispatcherOutput } from '../../machines/dispatcherEvent.js';
import { dispatcherMachine } from '../../machines/dispatcherMachine.js';
import { dispatchMachine } from '../../machines/dispatchMachine.js';
import { sourceLogic } from '../../machines/source.js';
import { timerLogic } from '../../machines/timer.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { daily, dispatchRecord } from '../support/dispatchRecord.js';
import { at } from '../support/time.js';

function world(dispatches: DispatchRecord[], now = '09:00') {
  const clock = simulatedClock(at(now));
  const transport = memoryTransport(dispatches);
  const actors = { source: sourceLogic({ transport, clock }), timer: timerLogic({ clock, random: () => 0.5 }) };
  return { clock, transport, machine: dispatcherMachine.provide({ actors }) };
}

describe('the states of the dispatcher machine', () => {
  const lost = (code: 'UNAVAILABLE' | 'UNAUTHENTICATED' | 'DEADLINE_EXCEEDED', time = '09:00') =>
    ({ type: 'source.lost', atMs: at(time), problem: new DispatchError(code, 'lost') }) as const;
  const live = { type: 'source.live', atMs: at('09:00') } as const;

  it.each([
    ['connecting', []],
    ['catchingUp', [{ type: 'source.opened' } as const]],
    ['live', [{ type: 'source.opened' } as const, live]],
    ['waiting', [lost('UNAVAILABLE')]],
    ['connecting', [lost('UNAVAILABLE'), { type: 'source.connecting' } as const]],
    ['stopped', [live, { type: 'dispatcher.stop' } as const]],
  ])('is %s', (state, events) => {
    let [snapshot] = initialTransition(dispatcherMachine, { microgridId: 1 });
    for (const event of events) [snapshot] = transition(dispatcherMachine, snapshot, event);
    expect(snapshot.value).toBe(state);
  });

  it.each([
    ['at once after a healthy connection', [live, lost('UNAVAILABLE', '09:01')], 0, 0],
    ['at once after a first loss', [lost('UNAVAILABLE')], 0, 0],
    ['soon after a second', [lost('UNAVAILABLE'), lost('UNAVAILABLE')], 0, 250],
    ['a little later after a third', [lost('UNAVAILABLE'), live, lost('UNAVAILABLE'), lost('UNAVAILABLE')], 0, 500],
    ['within half a minute after many', Array.from({ length: 50 }, () => lost('UNAVAILABLE')), 0, 30_000],
    ['slowly when the credentials are rejected', [lost('UNAUTHENTICATED')], 30_000, 60_000],
  ])('tries again %s', (_, events, minDelayMs, maxDelayMs) => {
    let [snapshot, actions] = initialTransition(dispatcherMachine, { microgridId: 1 });
    for (const event of events) [snapshot, actions] = transition(dispatcherMachine, snapshot, event);
    const sent = actions.map(({ params }) => (params as { event?: { type: string } } | undefined)?.event);
    expect(sent).toContainEqual({ type: 'retry.wanted', minDelayMs, maxDelayMs });
  });
});

describe('a machine of a user that invokes the dispatcher', () => {
  const user = (machine: typeof dispatcherMachine) =>
    setup({
      types: { context: {} as { seen: string[] }, events: {} as DispatcherOutput },
      actors: { dispatcher: machine },
    }).createMachine({
      context: { seen: [] },
      invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
      on: {
        'running.*': { actions: ({ context, event }) => context.seen.push(`${event.type} ${event.dispatch.id}`) },
        'lifecycle.*': { actions: ({ context, event }) => context.seen.push(event.type) },
        'dispatcher.sync': { actions: ({ context, event }) => context.seen.push(event.status) },
      },
    });

  it('gets what it says as events of its own, and stops it with itself', async () => {
    const { clock, transport, machine } = world([dispatchRecord()]);
    const actor = createActor(user(machine)).start();
    await clock.advanceTo(at('10:30'));
    expect(actor.getSnapshot().context.seen).toEqual([
      'connecting',
      'catchingUp',
      'lifecycle.created',
      'live',
      'running.started 1',
      'running.stopped 1',
    ]);
    actor.stop();
    expect(transport.openStreams).toBe(0);
  });

  it('carries on from a snapshot without repeating what was announced', async () => {
    const { clock, transport, machine } = world([dispatchRecord({ recurrence: daily() })], '10:10');
    const first = createActor(user(machine)).start();
    await clock.settle();
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    transport.hold('list');
    clock.suspend(10 * 60_000);
    const second = createActor(user(machine), { snapshot }).start();
    second.getSnapshot().context.seen.length = 0;
    await clock.advanceTo(at('Tue 10:05'));
    expect(second.getSnapshot().context.seen.filter(line => line.startsWith('running'))).toEqual([
      'running.stopped 1',
      'running.started 1',
    ]);
    second.stop();
  });
});

describe('what the inspector sees', () => {
  it('has arrows from the dispatcher to its dispatches, and back to it', async () => {
    const { clock, machine } = world([dispatchRecord()]);
    const arrows: string[] = [];
    const inspect = (event: InspectionEvent) => {
      if (event.type === '@xstate.event') {
        arrows.push(
          `${(event.sourceRef as { id?: string } | undefined)?.id} ${event.event.type} ${(event.actorRef as { id?: string }).id}`,
        );
      }
    };
    const actor = createActor(machine, { id: 'root', input: { microgridId: 1 }, inspect }).start();
    await clock.advanceTo(at('10:00'));
    actor.stop();
    expect(arrows).toEqual(
      expect.arrayContaining([
        'timer timer.due root',
        'root timer.due pool',
        'pool timer.due 1',
        'pool pool.reported root',
      ]),
    );
  });
});

describe('the literal machines', () => {
  it.each([
    ['dispatch', dispatchMachine],
    ['dispatcher', dispatcherMachine],
  ])('%s names every implementation that it uses, and is JSON but for them', (_, machine) => {
    const { context: _context, invoke, ...config } = machine.config as { context: unknown; invoke?: object[] };
    const inlined: string[] = [];
    JSON.stringify(config, (key, value) => {
      if (typeof value === 'function') inlined.push(key);
      return value;
    });
    expect(inlined).toEqual([]);
    expect(createMachine(JSON.parse(JSON.stringify(config))).definition.states).toBeDefined();
    const named = [...JSON.stringify(config).matchAll(/"(?:guard|actions|entry|exit)":"(\w+)"/g)].map(
      ([, name]) => name ?? '',
    );
    for (const name of named) {
      expect(Object.keys({ ...machine.implementations.guards, ...machine.implementations.actions })).toContain(name);
    }
    expect(invoke === undefined || invoke.every(({ src }: { src?: unknown }) => typeof src === 'string')).toBe(true);
  });
});
