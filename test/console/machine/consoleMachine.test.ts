import { fc, it as property } from '@fast-check/vitest';
import { afterEach, describe, expect, it } from 'vitest';
import { createActor, fromCallback } from 'xstate';
import type { SourceCommand } from '../../../machines/protocol/messages.js';
import type { AuditEntry } from '../../../src/client/audit.js';
import { eventLogIn } from '../../../src/console/log/eventLog.js';
import { isKeyRefused, registryOf, shownMicrogrid } from '../../../src/console/machine/consoleContext.js';
import type { ConsoleEvent } from '../../../src/console/machine/consoleEvent.js';
import type { ConsoleActor } from '../../../src/console/machine/consoleMachine.js';
import { consoleOf } from '../../../src/console/machine/consoleOf.js';
import { planFormMachine } from '../../../src/console/plan/planFormMachine.js';
import type { SessionFacts } from '../../../src/console/session/sessionPort.js';
import { Dispatch } from '../../../src/dispatch.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import { daily, dayMs, dispatchRecord, hourMs, minuteMs, monday10Ms } from '../../support/dispatchRecord.js';
import { type MemorySession, memorySession } from '../memorySession.js';

const actors: ConsoleActor[] = [];
afterEach(() => {
  for (const actor of actors.splice(0)) actor.stop();
});

function startConsole(session: MemorySession): ConsoleActor {
  const actor = createActor(consoleOf(session), { input: { nowMs: monday10Ms, zone: 'UTC' } }).start();
  actors.push(actor);
  return actor;
}

async function openConsole(facts: Partial<SessionFacts> = {}) {
  const session = memorySession(facts);
  const actor = startConsole(session);
  const send = async (event: ConsoleEvent) => {
    actor.send(event);
    await session.clock.settle();
    return actor.getSnapshot();
  };
  await send({ type: 'session.open', fields: { key: 'right' } });
  return { session, actor, send };
}

describe('the session of a console', () => {
  it('says why a key is refused, and takes another', async () => {
    const session = memorySession();
    const actor = startConsole(session);
    actor.send({ type: 'session.open', fields: { key: 'wrong' } });
    expect(actor.getSnapshot().value.session).toBe('signingIn');
    await session.clock.settle();
    expect(actor.getSnapshot().value.session).toBe('signedOut');
    expect(actor.getSnapshot().context.signInProblem?.code).toBe('UNAUTHENTICATED');
    actor.send({ type: 'session.open', fields: { key: 'right' } });
    await session.clock.settle();
    expect(actor.getSnapshot().value.session).toBe('signedIn');
    expect(actor.getSnapshot().context.signInProblem).toBeNull();
  });

  it('has a live dispatcher for each of a few microgrids, and none of many', async () => {
    const few = await openConsole({ microgrids: [1, 2] });
    expect(few.actor.getSnapshot().context.microgrids.map(({ id, sync }) => [id, sync?.state])).toEqual([
      [1, 'live'],
      [2, 'live'],
    ]);
    const any = await openConsole({ microgrids: 'all', openFirst: [7] });
    expect(any.actor.getSnapshot().context.microgrids.map(({ id }) => id)).toEqual([7]);
    const many = await openConsole({ microgrids: Array.from({ length: 100 }, (_, index) => index) });
    expect(many.actor.getSnapshot().context.microgrids).toHaveLength(8);
  });

  it('ends with all dispatchers and connections', async () => {
    const { actor, send, session } = await openConsole({ microgrids: [1, 2] });
    expect(session.transport.openStreams).toBe(2);
    const dispatchers = actor.getSnapshot().context.microgrids.map(({ dispatcher }) => dispatcher);
    const { context } = await send({ type: 'session.close' });
    expect(session.isOpen).toBe(false);
    expect(session.transport.openStreams).toBe(0);
    expect(context).toMatchObject({ session: null, microgrids: [], shownId: null });
    expect(dispatchers.map(dispatcher => dispatcher.getSnapshot().status)).toEqual(['stopped', 'stopped']);
    expect(session.clock.pendingTimers).toBe(0);
  });
});

describe('a console that is live', () => {
  it('has the dispatches, logs what happens, and knows the transitions', async () => {
    const { actor, session, send } = await openConsole();
    session.transport.put(dispatchRecord({ id: 5, startTimeMs: monday10Ms + minuteMs, durationMs: minuteMs }));
    await session.clock.settle();
    const microgrid = shownMicrogrid(actor.getSnapshot().context);
    expect(microgrid && registryOf(microgrid)?.get(5)?.state).toBe('idle');
    await session.clock.advanceTo(monday10Ms + 3 * minuteMs);
    await send({ type: 'clock.ticked', atMs: session.clock.nowMs() });
    const log = eventLogIn(actor.getSnapshot().children);
    const names = [...(log?.newestFirst() ?? [])].map(({ output }) => output.type);
    expect(names.slice(0, 3)).toEqual(['running.stopped', 'running.started', 'lifecycle.created']);
    expect(log?.transitionsOf(1, 5).map(({ from, to, event }) => [from, to, event])).toEqual([
      ['running', 'stopped', 'timer.due'],
      ['idle', 'running', 'timer.due'],
    ]);
    expect(log?.lagMs(1)).toBe(0);
  });

  it('counts missed runs and knows when their starts were', async () => {
    const { actor, session } = await openConsole();
    session.transport.put(dispatchRecord({ id: 5, startTimeMs: monday10Ms + minuteMs, durationMs: minuteMs }));
    await session.clock.settle();
    session.clock.suspend(hourMs);
    await session.clock.advanceBy(2_000);
    const log = eventLogIn(actor.getSnapshot().children);
    expect(log?.missed(1)).toBe(1);
    const startMs = monday10Ms + minuteMs;
    expect(log?.missedStarts(1).get(5)).toEqual([{ startMs, endMs: startMs }]);
  });

  it('closes a form that fails, and says why', async () => {
    const session = memorySession();
    const planForm = planFormMachine.provide({
      actions: {
        tick: () => {
          throw new Error('the form is broken');
        },
      },
    });
    const machine = consoleOf(session).provide({ actors: { planForm } });
    const actor = createActor(machine, { input: { nowMs: monday10Ms, zone: 'UTC' } }).start();
    actors.push(actor);
    actor.send({ type: 'session.open', fields: { key: 'right' } });
    await session.clock.settle();
    actor.send({ type: 'plan.opened', request: { kind: 'create' } });
    expect(actor.getSnapshot().value.plan).toBe('open');
    actor.send({ type: 'clock.ticked', atMs: monday10Ms + 1_000 });
    const { value, context, status } = actor.getSnapshot();
    expect({ plan: value.plan, status, problem: shownMicrogrid(context)?.problem?.message }).toEqual({
      plan: 'closed',
      status: 'active',
      problem: expect.stringContaining('the form is broken'),
    });
  });

  it('goes on when a dispatcher fails, and says why', async () => {
    const session = memorySession({ microgrids: [1, 2] });
    const failing = fromCallback<SourceCommand, { microgridId: number }>(({ input }) => {
      if (input.microgridId === 2) throw new Error('broken');
    });
    const actor = startConsole({ ...session, actors: { ...session.actors, source: failing } });
    actor.send({ type: 'session.open', fields: { key: 'right' } });
    await session.clock.settle();
    const { status, context } = actor.getSnapshot();
    expect(status).toBe('active');
    expect(context.microgrids.map(({ problem }) => problem?.message.includes('broken') ?? false)).toEqual([
      false,
      true,
    ]);
    expect(context.microgrids[1]?.sync?.state).toBe('stopped');
  });

  it('makes no transition of its own for a dispatch, however many there are', async () => {
    const { actor, session } = await openConsole();
    let snapshots = 0;
    actor.subscribe(() => {
      snapshots += 1;
    });
    for (let id = 1; id <= 100; id += 1) session.transport.put(dispatchRecord({ id }));
    await session.clock.settle();
    const microgrid = shownMicrogrid(actor.getSnapshot().context);
    expect(microgrid && registryOf(microgrid)?.size).toBe(100);
    expect(snapshots).toBe(0);
  });

  it('opens no form when the key may only read', async () => {
    const { send } = await openConsole({ mayWrite: false });
    const { value, context } = await send({ type: 'plan.opened', request: { kind: 'create' } });
    expect([value.plan, context.plan]).toEqual(['closed', null]);
  });

  it('offers no change while the service refuses the key, and does again when it takes it', async () => {
    const { actor, session, send } = await openConsole();
    const refusal = new DispatchError('UNAUTHENTICATED', 'the API key is not accepted');
    for (let call = 1; call <= 2; call += 1) session.transport.failNext('watch', refusal);
    session.transport.cut(refusal);
    await session.clock.settle();
    await session.clock.advanceBy(1_000);
    expect(isKeyRefused(actor.getSnapshot().context)).toBe(true);
    expect((await send({ type: 'plan.opened', request: { kind: 'create' } })).value.plan).toBe('closed');
    await session.clock.advanceBy(5 * minuteMs);
    expect(isKeyRefused(actor.getSnapshot().context)).toBe(false);
    expect((await send({ type: 'plan.opened', request: { kind: 'create' } })).value.plan).toBe('open');
  });

  it('chooses what came back under other ids after an undo, also of a group, and finds it by its new id', async () => {
    const { send } = await openConsole();
    const [before, records] = [
      [6, 7].map(id => dispatchRecord({ id })),
      [8, 9].map(id => dispatchRecord({ id })),
    ] as const;
    await send({ type: 'view.chosen', choices: { chosenId: 7, filter: '#6' } });
    const { context } = await send({ type: 'plan.restored', microgridId: 1, before, records });
    expect(context.view).toMatchObject({ chosenId: 9, filter: '#8' });
    const other = await send({ type: 'plan.restored', microgridId: 2, before: records, records: before });
    expect(other.context.view).toMatchObject({ chosenId: 9, filter: '#8' });
  });

  it('goes with the clock while a form is open, and tells the form', async () => {
    const { actor, send } = await openConsole();
    expect((await send({ type: 'plan.opened', request: { kind: 'create' } })).value.plan).toBe('open');
    const atMs = monday10Ms + 90_000;
    const { context } = await send({ type: 'clock.ticked', atMs });
    expect([context.nowMs, context.view.fromMs]).toEqual([atMs, atMs - 6 * hourMs]);
    expect(actor.getSnapshot().children.planForm?.getSnapshot()).toMatchObject({ context: { nowMs: atMs } });
  });

  it('stamps its log with the clock at the event, whenever the page last took the time', async () => {
    const { actor, session, send } = await openConsole();
    await send({ type: 'plan.opened', request: { kind: 'create' } });
    session.transport.put(dispatchRecord({ id: 5, startTimeMs: monday10Ms + minuteMs, durationMs: minuteMs }));
    await session.clock.settle();
    await session.clock.advanceTo(monday10Ms + 3 * minuteMs);
    const log = eventLogIn(actor.getSnapshot().children);
    const stamps = [...(log?.newestFirst() ?? [])].slice(0, 3).map(({ atMs, output }) => [output.type, atMs]);
    expect(stamps).toEqual([
      ['running.stopped', monday10Ms + 2 * minuteMs],
      ['running.started', monday10Ms + minuteMs],
      ['lifecycle.created', monday10Ms],
    ]);
    expect(log?.transitionsOf(1, 5).map(({ atMs }) => atMs)).toEqual([
      monday10Ms + 2 * minuteMs,
      monday10Ms + minuteMs,
    ]);
  });
});

describe('time travel', () => {
  const entry = (seq: number, atMs: number, before: Dispatch | null, after: Dispatch | null): AuditEntry => ({
    microgridId: 1,
    seq,
    time: new Date(atMs),
    keyName: null,
    method: 'UpdateMicrogridDispatch',
    requestId: null,
    note: null,
    dispatchId: (after ?? before)?.id ?? 0,
    before,
    after,
  });

  it('reads the past from the audit, also of what is deleted', async () => {
    const { session, send } = await openConsole();
    const first = new Dispatch(dispatchRecord({ id: 3, durationMs: hourMs }));
    const second = new Dispatch(dispatchRecord({ id: 3, durationMs: 2 * hourMs }));
    session.audit.push(
      entry(1, monday10Ms - 3 * hourMs, null, first),
      entry(2, monday10Ms - 2 * hourMs, first, second),
      entry(3, monday10Ms - hourMs, second, null),
    );
    const { value, context } = await send({ type: 'time.travelled', toMs: monday10Ms - 2.5 * hourMs });
    expect(value.time).toEqual({ past: 'known' });
    expect(context.versions?.map(({ record, fromMs, toMs }) => [record.durationMs, fromMs, toMs])).toEqual([
      [hourMs, monday10Ms - 3 * hourMs, monday10Ms - 2 * hourMs],
      [2 * hourMs, monday10Ms - 2 * hourMs, monday10Ms - hourMs],
    ]);
  });

  it('says that the past is not known when the key may not read the audit', async () => {
    const { send } = await openConsole({ mayReadAudit: false });
    const { value } = await send({ type: 'time.travelled', toMs: monday10Ms - hourMs });
    expect(value.time).toEqual({ past: 'unknown' });
  });

  it('simulates the future with the machines of the dispatches', async () => {
    const { session, send } = await openConsole();
    session.transport.put(dispatchRecord({ id: 4, recurrence: daily(), durationMs: hourMs }));
    await session.clock.settle();
    const { value, context } = await send({ type: 'time.travelled', toMs: monday10Ms + 2 * dayMs + minuteMs });
    expect(value.time).toEqual({ future: 'simulated' });
    expect(context.simulation).toMatchObject({ count: 5, runningIds: [4] });
    const back = await send({ type: 'time.returned' });
    expect(back.value.time).toBe('present');
    expect(back.context).toMatchObject({ travelMs: null, simulation: null });
  });
});

/** What a console is expected to be after some events. */
interface Expected {
  session: 'signedOut' | 'signedIn';
  ids: number[];
  shownId: number | null;
  isPlanOpen: boolean;
  isLogPaused: boolean;
  time: 'present' | 'past' | 'future';
}

const someEvents: fc.Arbitrary<ConsoleEvent> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('right', 'right', 'wrong')
      .map(key => ({ type: 'session.open', fields: { key } }) as const),
  },
  fc.constant({ type: 'session.close' } as const),
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 4 }).map(microgridId => ({ type: 'microgrid.opened', microgridId }) as const),
  },
  fc.integer({ min: 1, max: 4 }).map(microgridId => ({ type: 'microgrid.closed', microgridId }) as const),
  fc.integer({ min: 1, max: 4 }).map(microgridId => ({ type: 'microgrid.shown', microgridId }) as const),
  fc.constantFrom(...(['log.paused', 'log.resumed', 'plan.closed', 'time.returned'] as const)).map(type => ({ type })),
  fc.constant({ type: 'plan.opened', request: { kind: 'create' } } as const),
  fc.constantFrom(-hourMs, 0, hourMs).map(ms => ({ type: 'time.travelled', toMs: monday10Ms + ms }) as const),
  fc.constantFrom(0.5, 3).map(factor => ({ type: 'view.zoomed', factor, aroundMs: null }) as const),
);

function expectAfter(before: Expected, event: ConsoleEvent): Expected {
  const after = { ...before };
  const isSignedIn = before.session === 'signedIn';
  const isOpen = 'microgridId' in event && before.ids.includes(event.microgridId);
  switch (event.type) {
    case 'session.open':
      if (isSignedIn || event.fields.key !== 'right') return after;
      return { ...after, session: 'signedIn', ids: [1], shownId: 1 };
    case 'session.close':
      return { ...after, session: 'signedOut', ids: [], shownId: null, isPlanOpen: false, time: 'present' };
    case 'microgrid.opened':
      if (!isSignedIn || isOpen) return after;
      return {
        ...after,
        ids: [...before.ids, event.microgridId],
        shownId: event.microgridId,
        isPlanOpen: false,
        time: 'present',
      };
    case 'microgrid.closed': {
      if (!isOpen) return after;
      const ids = before.ids.filter(id => id !== event.microgridId);
      if (before.shownId !== event.microgridId) return { ...after, ids };
      return { ...after, ids, shownId: ids[0] ?? null, isPlanOpen: false, time: 'present' };
    }
    case 'microgrid.shown':
      return isOpen ? { ...after, shownId: event.microgridId, isPlanOpen: false, time: 'present' } : after;
    case 'log.paused':
      return { ...after, isLogPaused: true };
    case 'log.resumed':
      return { ...after, isLogPaused: false };
    case 'plan.opened':
      return { ...after, isPlanOpen: before.isPlanOpen || before.shownId !== null };
    case 'plan.closed':
      return { ...after, isPlanOpen: false };
    case 'time.returned':
      return { ...after, time: 'present' };
    case 'time.travelled':
      if (before.shownId === null || event.toMs === monday10Ms) return { ...after, time: 'present' };
      return { ...after, time: event.toMs < monday10Ms ? 'past' : 'future' };
    default:
      return after;
  }
}

describe('a console', () => {
  property.prop([fc.array(someEvents, { maxLength: 25 })], { numRuns: 60 })(
    'is what its model says after any events',
    async events => {
      const session = memorySession();
      const actor = startConsole(session);
      let expected: Expected = {
        session: 'signedOut',
        ids: [],
        shownId: null,
        isPlanOpen: false,
        isLogPaused: false,
        time: 'present',
      };
      for (const event of events) {
        actor.send(event);
        await session.clock.settle();
        expected = expectAfter(expected, event);
        const { value, context } = actor.getSnapshot();
        expect({
          session: value.session,
          ids: context.microgrids.map(({ id }) => id),
          shownId: context.shownId,
          isPlanOpen: value.plan === 'open',
          isLogPaused: value.log === 'paused',
          time: typeof value.time === 'string' ? value.time : Object.keys(value.time)[0],
        }).toEqual(expected);
        expect(session.transport.openStreams).toBe(expected.ids.length);
        expect(context.plan !== null).toBe(expected.isPlanOpen);
        expect(context.travelMs !== null).toBe(expected.time !== 'present');
        expect(context.view.toMs - context.view.fromMs).toBeGreaterThan(0);
        expect(context.microgrids.every(({ sync }) => sync?.state === 'live')).toBe(true);
      }
      actor.stop();
    },
  );
});
