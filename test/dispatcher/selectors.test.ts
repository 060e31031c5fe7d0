import { describe, expect, it } from 'vitest';
import { Actor, type ActorRefFrom, createActor } from 'xstate';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { DispatchPoolSnapshot } from '../../machines/pool/dispatchPool.js';
import { dispatcherActors } from '../../src/dispatcher/dispatcherActors.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { daily, dispatchRecord, minuteMs } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

const touching = { recurrence: daily({ frequency: 'MINUTELY', interval: 30, count: 3 }) };

/** What XState's actors have from 5.29 on. */
interface Selecting<TSnapshot> {
  select<T>(selector: (snapshot: TSnapshot) => T): { subscribe(listener: (selected: T) => void): unknown };
}

/** What a hook such as `useSelector` of `@xstate/react` does: it reads again only when the snapshot is another object. */
function useSelector<T>(actor: ActorRefFrom<typeof dispatcherMachine>, selector: (s: DispatchPoolSnapshot) => T) {
  const pool = actor.getSnapshot().children.pool;
  if (pool === undefined) throw new Error('a dispatcher has a pool');
  let snapshot = pool.getSnapshot();
  let selected = selector(snapshot);
  const seen = [selected];
  pool.subscribe(next => {
    if (Object.is(next, snapshot)) return;
    snapshot = next;
    const now = selector(next);
    if (!Object.is(now, selected)) seen.push(now);
    selected = now;
  });
  return seen;
}

describe('a selector over the pool of a dispatcher', () => {
  it('is told of the number of dispatches that run, only when it changes', async () => {
    const dispatches = [dispatchRecord({ id: 1 }), dispatchRecord({ id: 2, ...touching }), dispatchRecord({ id: 3 })];
    await using test = await startDispatcher({ dispatches, sync: false });
    const sizes = useSelector(test.dispatcher.actor, ({ context }) => context.size);
    const counts = useSelector(test.dispatcher.actor, ({ context }) => context.runningCount);
    await test.dispatcher.start();
    await test.clock.advanceTo(at('10:00'));
    expect(counts.at(-1)).toBe(3);
    test.transport.update(3, { active: false });
    await test.clock.settle();
    test.transport.delete(1);
    await test.clock.advanceTo(at('12:00'));
    test.transport.put(dispatchRecord({ id: 4, startTimeMs: at('11:50') }));
    await test.clock.settle();
    expect(counts).toEqual([0, 3, 2, 1, 0, 1]);
    expect(sizes).toEqual([0, 3, 2, 3]);
  });

  it('is told of the state, the record and the run of one dispatch, only when they change', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord(touching), dispatchRecord({ id: 2 })] });
    const { actor } = test.dispatcher;
    const states = useSelector(actor, ({ context }) => context.get(1)?.state);
    const records = useSelector(actor, ({ context }) => context.get(1)?.dispatch);
    const runs = useSelector(actor, ({ context }) => context.get(1)?.run);
    await test.clock.advanceTo(at('10:10'));
    test.transport.update(2, { payload: { kw: 1 } });
    test.transport.update(1, { payload: { kw: 7 } });
    await test.clock.advanceTo(at('12:00'));
    test.transport.delete(1);
    await test.clock.settle();
    expect(states).toEqual(['idle', 'running', 'stopped', undefined]);
    expect(records.map(record => record?.payload)).toEqual([{}, { kw: 7 }, undefined]);
    expect(runs.map(run => run?.startMs)).toEqual([
      undefined,
      at('10:00'),
      // The update made the same run anew.
      at('10:00'),
      at('10:30'),
      at('11:00'),
      undefined,
      undefined,
    ]);
  });

  it('counts what runs also after a restore', async () => {
    const clock = simulatedClock(at('10:10'));
    const transport = memoryTransport([dispatchRecord(), dispatchRecord({ id: 2, startTimeMs: at('11:00') })]);
    const machine = dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock }) });
    const first = createActor(machine, { input: { microgridId: 1 } }).start();
    await clock.settle();
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    const second = createActor(machine, { input: { microgridId: 1 }, snapshot }).start();
    expect(second.getSnapshot().children.pool?.getSnapshot().context.runningCount).toBe(1);
    clock.suspend(20 * minuteMs);
    await clock.advanceBy(1000);
    expect(second.getSnapshot().children.pool?.getSnapshot().context.runningCount).toBe(0);
    second.stop();
  });

  it.skipIf(!('select' in Actor.prototype))('can be XState’s own, from 5.29 on', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    const counts: (number | undefined)[] = [];
    const pool = test.dispatcher.actor.getSnapshot().children.pool as Selecting<DispatchPoolSnapshot> | undefined;
    pool?.select(({ context }) => context.runningCount).subscribe(count => counts.push(count));
    await test.clock.advanceTo(at('10:30'));
    expect(counts).toEqual([1, 0]);
  });
});
