import { describe, expect, it } from 'vitest';
import {
  createActor,
  fromCallback,
  type InspectionEvent,
  initialTransition,
  SimulatedClock,
  setup,
  transition,
} from 'xstate';
import { sourceLogic } from '../../../machines/actors/sourceLogic.js';
import { timerLogic } from '../../../machines/actors/timerLogic.js';
import { dispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import type { Clock } from '../../../machines/protocol/clock.js';
import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import type { SourceCommand } from '../../../machines/protocol/messages.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { daily, dispatchRecord } from '../../support/dispatchRecord.js';
import { at } from '../../support/time.js';

function world(dispatches: DispatchRecord[], now = '09:00') {
  const clock = simulatedClock(at(now));
  const transport = memoryTransport(dispatches);
  // The first hourly list comes after nearly one and a half hours.
  const source = sourceLogic({ transport, clock, random: () => 0.99 });
  const actors = { source, timer: timerLogic({ clock, random: () => 0.5 }) };
  return { clock, transport, machine: dispatcherMachine.provide({ actors }) };
}

describe('the states of the dispatcher machine', () => {
  const lost = (code: 'UNAVAILABLE' | 'UNAUTHENTICATED' | 'PERMISSION_DENIED', time = '09:00') =>
    ({ type: 'source.lost', atMs: at(time), problem: new DispatchError(code, 'lost'), graceful: false }) as const;
  const ended = (time: string) => ({ ...lost('UNAVAILABLE', time), graceful: true });
  const many = Array.from({ length: 50 }, () => lost('UNAVAILABLE'));
  const opened = { type: 'source.opened' } as const;
  const live = { type: 'source.live', atMs: at('09:00') } as const;

  it.each([
    ['starting', []],
    ['connecting', [{ type: 'store.ready' } as const]],
    ['catchingUp', [opened]],
    ['live', [opened, live]],
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
    ['within a second after the end of a healthy connection', [live, ended('09:01')], 0, 1_000],
    ['at once after the end of a connection that was not healthy', [live, ended('09:00')], 0, 0],
    ['at once after a first loss', [lost('UNAVAILABLE')], 0, 0],
    ['soon after a second', [lost('UNAVAILABLE'), lost('UNAVAILABLE')], 0, 250],
    ['a little later after a third', [lost('UNAVAILABLE'), live, lost('UNAVAILABLE'), lost('UNAVAILABLE')], 0, 500],
    ['within two seconds after many in less than three', [...many, lost('UNAVAILABLE', '09:00:02.999')], 0, 2_000],
    ['within half a minute after many', [...many, lost('UNAVAILABLE', '09:00:03')], 0, 30_000],
    ['within half a minute after many though the clock went back', [...many, lost('UNAVAILABLE', '08:00')], 0, 30_000],
    [
      'within half a minute after many, some of which were live in between',
      [...many, opened, live, lost('UNAVAILABLE', '09:00:04')],
      0,
      30_000,
    ],
    [
      'within two seconds after many that come after a healthy connection',
      [...many, opened, live, ...many.map(() => lost('UNAVAILABLE', '09:00:20'))],
      0,
      2_000,
    ],
    ['slowly when the credentials are rejected', [lost('UNAUTHENTICATED')], 30_000, 60_000],
    ['at once when credentials that were good are rejected', [live, lost('UNAUTHENTICATED', '09:01')], 0, 0],
    [
      'slowly when they are rejected again',
      [live, lost('UNAUTHENTICATED', '09:01'), lost('UNAUTHENTICATED', '09:01')],
      30_000,
      60_000,
    ],
    ['slowly when the microgrid is forbidden', [lost('PERMISSION_DENIED')], 30_000, 60_000],
  ])('tries again %s', (_, events, minDelayMs, maxDelayMs) => {
    let [snapshot, actions] = initialTransition(dispatcherMachine, { microgridId: 1 });
    for (const event of events) [snapshot, actions] = transition(dispatcherMachine, snapshot, event);
    const sent = actions.map(({ params }) => (params as { event?: { type: string } } | undefined)?.event);
    expect(sent).toContainEqual({ type: 'retry.wanted', minDelayMs, maxDelayMs });
  });
});

it('says all that the pool reports, in order, as emits of the transition', () => {
  const [snapshot] = initialTransition(dispatcherMachine, { microgridId: 1 });
  const outputs: DispatcherOutput[] = [1, 2].map(id => ({
    type: 'lifecycle.created',
    dispatch: dispatchRecord({ id }),
    atMs: at('09:00'),
    notifiedMs: null,
  }));
  const [, actions] = transition(dispatcherMachine, snapshot, { type: 'pool.reported', outputs });
  expect(actions.map(({ type, params }) => [type as string, params])).toContainEqual([
    'xstate.emit',
    { events: outputs },
  ]);
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
        'dispatcher.sync': { actions: ({ context, event }) => context.seen.push(event.status.state) },
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
      'running.resumed 1',
      'running.stopped 1',
      'running.started 1',
    ]);
    second.stop();
  });
});

describe('a dispatcher that is restored', () => {
  async function restore(dispatches: DispatchRecord[], now: string, restoredAt: string) {
    const first = world(dispatches, now);
    const before = createActor(first.machine, { input: { microgridId: 1 } }).start();
    await first.clock.settle();
    const snapshot = JSON.parse(JSON.stringify(before.getPersistedSnapshot()));
    before.stop();
    const second = world(dispatches, restoredAt);
    const said: string[] = [];
    const actor = createActor(second.machine, { input: { microgridId: 1 }, snapshot });
    actor.on('*', output => {
      if ('dispatch' in output)
        said.push(`${output.dispatch.id} ${output.type}${'cause' in output ? ` by ${output.cause}` : ''}`);
    });
    actor.start();
    return { ...second, actor, said };
  }

  it('lists only the differences', async () => {
    const { clock, transport, actor, said } = await restore([dispatchRecord()], '10:05', '10:10');
    transport.putSilently(dispatchRecord({ id: 2 }));
    await clock.settle();
    expect(said).toEqual(['1 running.resumed by restore', '2 lifecycle.created', '2 running.started by update']);
    const pool = actor.getSnapshot().children.pool?.getSnapshot().context;
    expect(pool?.get(1)).toMatchObject({ notifiedMs: at('10:05'), run: { startMs: at('10:00') } });
    actor.stop();
  });

  it('stops a run that the clock has not come to yet', async () => {
    const { clock, actor, said } = await restore([dispatchRecord()], '10:05', '06:00');
    await clock.settle();
    expect(said).toEqual(['1 running.stopped by schedule']);
    await clock.advanceTo(at('10:00'));
    expect(said).toEqual(['1 running.stopped by schedule', '1 running.started by schedule']);
    actor.stop();
  });
});

describe('a part that fails', () => {
  it('ends the dispatcher with an error when it is the source', () => {
    const { machine } = world([]);
    const source = fromCallback<SourceCommand, { microgridId: number }>(() => {
      throw new Error('broken source');
    });
    const actor = createActor(machine.provide({ actors: { source } }), { input: { microgridId: 1 } });
    const outputs: DispatcherOutput[] = [];
    const errors: unknown[] = [];
    actor.on('*', output => outputs.push(output));
    actor.subscribe({ error: error => errors.push(error) });
    actor.start();
    expect(actor.getSnapshot().status).toBe('error');
    const problem = expect.objectContaining({ code: 'INTERNAL', message: expect.stringContaining('broken source') });
    expect(errors).toEqual([problem]);
    expect(outputs).toContainEqual({ type: 'dispatcher.problem', microgridId: 1, problem });
  });

  it('is dropped when it is a dispatch, which consumers are told, and the rest goes on', async () => {
    const poison = dispatchRecord({ id: 7, startTimeMs: at('08:50') });
    const { clock, transport, machine } = world([poison, dispatchRecord()]);
    const actor = createActor(machine, { input: { microgridId: 1 } });
    const said: string[] = [];
    actor.on('*', output => {
      if ('dispatch' in output) said.push(`${output.dispatch.id} ${output.type}`);
      if (output.type === 'dispatcher.problem') said.push(output.problem.message);
    });
    actor.start();
    await clock.settle();
    said.length = 0;
    // A payload that throws when it is read makes the machine of this dispatch fail.
    const payload = Object.defineProperty({}, 'kw', {
      enumerable: true,
      get: () => {
        throw new Error('unreadable');
      },
    });
    transport.put({ ...poison, payload, updateTime: '2026-02-01T00:00:00.000000000Z' });
    await clock.settle();
    transport.put(dispatchRecord({ id: 2 }));
    await clock.settle();
    expect(said).toEqual([
      '7 lifecycle.updated',
      '7 lifecycle.deleted',
      '7 running.stopped',
      'the machine of dispatch 7 failed',
      '2 lifecycle.created',
    ]);
    await clock.advanceTo(at('10:00'));
    expect(said.slice(5)).toEqual(['1 running.started', '2 running.started']);
    actor.stop();
  });
});

describe('a burst', () => {
  it('lets the event loop turn every 8 ms, and goes on to its end', async () => {
    const dispatches = Array.from({ length: 1000 }, (_, i) => dispatchRecord({ id: i + 1 }));
    const { clock, transport } = world(dispatches);
    let workMs = 0;
    let turns = 0;
    // Each look at this clock costs time, as work does.
    const costly: Clock = {
      ...clock,
      nowMs: () => clock.nowMs(),
      monotonicMs: () => {
        workMs += 1;
        return clock.monotonicMs() + workMs;
      },
      yield: callback => {
        turns += 1;
        return clock.yield(callback);
      },
    };
    const actors = { source: sourceLogic({ transport, clock: costly }), timer: timerLogic({ clock: costly }) };
    const actor = createActor(dispatcherMachine.provide({ actors }), { input: { microgridId: 1 } });
    let started = 0;
    actor.on('running.started', () => {
      started += 1;
    });
    actor.start();
    await expect.poll(() => actor.getSnapshot().value).toBe('live');
    expect(turns).toBeGreaterThan(1);
    turns = 0;
    await clock.advanceTo(at('10:00'));
    await expect.poll(() => started).toBe(1000);
    expect(turns).toBeGreaterThan(0);
    actor.stop();
  });
});

it('stops very many dispatches bit by bit, by the clock of the actor system', async () => {
  const { clock, machine } = world(Array.from({ length: 2_500 }, (_, i) => dispatchRecord({ id: i + 1 })));
  const systemClock = new SimulatedClock();
  const actor = createActor(machine, { input: { microgridId: 1 }, clock: systemClock }).start();
  await clock.settle();
  const registry = actor.getSnapshot().children.pool?.getSnapshot().context;
  const dispatches = [...(registry?.ids() ?? [])].map(id => registry?.actor(id));
  const stoppedCount = () => dispatches.filter(dispatch => dispatch?.getSnapshot().status === 'stopped').length;
  actor.stop();
  expect([dispatches.length, stoppedCount()]).toEqual([2_500, 1_000]);
  systemClock.increment(0);
  expect(stoppedCount()).toBe(2_000);
  systemClock.increment(0);
  expect(stoppedCount()).toBe(2_500);
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
