import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { dispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import type { DispatcherStore, StoredDispatch } from '../../../machines/protocol/dispatcherStore.js';
import { dispatcherActors } from '../../../src/dispatcher/dispatcherActors.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { daily, dispatchRecord, minuteMs } from '../../support/dispatchRecord.js';
import { drain, startDispatcher } from '../../support/startDispatcher.js';
import { storeInMemory } from '../../support/storeInMemory.js';
import { at, show } from '../../support/time.js';

type From = 'snapshot' | 'store';
const forms: From[] = ['snapshot', 'store'];

/** Lets a dispatcher run at an instant, and starts another one at a later one, without the network. */
async function restart(from: From, dispatches: DispatchRecord[], { leftAt = '10:05', backAt = '10:05' } = {}) {
  const store = from === 'store' ? storeInMemory() : undefined;
  const clock = simulatedClock(at(leftAt));
  const transport = memoryTransport(dispatches);
  const machine = dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock, store }) });
  const first = createActor(machine, { input: { microgridId: 1 } }).start();
  await clock.advanceBy(2_000);
  const snapshot = from === 'store' ? undefined : JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
  first.stop();
  await clock.settle();
  clock.step(at(backAt) - clock.nowMs());
  const release = transport.hold('list');
  const make = (more: object = {}) =>
    createActor(machine, { input: { microgridId: 1 }, ...(snapshot && { snapshot }), ...more });
  const second = make();
  const said: string[] = [];
  const listen = (actor: typeof second) =>
    actor.on('*', output => {
      if (!('run' in output)) return;
      const late = output.lateMs === 0 ? '' : ` +${output.lateMs}`;
      said.push(`${output.dispatch.id} ${output.type} ${output.cause} ${show(output.atMs)}${late}`);
    });
  listen(second);
  return { clock, transport, said, second, make, listen, release };
}

describe.each(forms)('a run that goes on after a restart from a %s', from => {
  const play = async (dispatches: DispatchRecord[], times?: Parameters<typeof restart>[2]) => {
    const { clock, said, second } = await restart(from, dispatches, times);
    second.start();
    await clock.settle();
    await clock.advanceBy(0);
    second.stop();
    return said;
  };

  it.each<[name: string, dispatch: Partial<DispatchRecord>, backAt: string, expected: string[]]>([
    ['is resumed', {}, '10:10', ['1 running.resumed restore 10:10']],
    ['is resumed at its last instant', {}, '10:29:59.999', ['1 running.resumed restore 10:29:59.999']],
    ['is stopped late when it is over', {}, '10:30', ['1 running.stopped schedule 10:30']],
    ['is stopped late when it is long over', {}, '11:00', ['1 running.stopped schedule 10:30 +1800000']],
    ['is resumed when it has no end', { durationMs: null }, 'Thu 10:00', ['1 running.resumed restore Thu 10:00']],
    [
      'is not when another one took over',
      { recurrence: { frequency: 'MINUTELY', interval: 30 } },
      '10:30',
      ['1 running.started schedule 10:30'],
    ],
    [
      'is not when one that overlaps took over',
      { recurrence: { frequency: 'MINUTELY', interval: 20 } },
      '10:25',
      ['1 running.started schedule 10:20 +300000'],
    ],
    [
      'is not on another day',
      { recurrence: daily() },
      'Tue 10:10',
      ['1 running.stopped schedule 10:30 +85200000', '1 running.started schedule Tue 10:00 +600000'],
    ],
    ['is resumed when the clock is a minute before it', {}, '09:59', ['1 running.resumed restore 09:59']],
    ['is stopped when the clock is further before it', {}, '09:58:59.999', ['1 running.stopped schedule 09:58:59.999']],
    ['is none when it has no length', { durationMs: 0, startTimeMs: at('10:05') }, '10:05:03', []],
    ['is none when it is inactive', { active: false }, '10:10', []],
  ])('%s', async (_, changes, backAt, expected) => {
    expect(await play([dispatchRecord(changes)], { backAt })).toEqual(expected);
  });

  it('comes in the order of the starts of the runs, then by id, before all that is due', async () => {
    const dispatches = [
      dispatchRecord({ id: 5, startTimeMs: at('10:00') }),
      dispatchRecord({ id: 3, startTimeMs: at('10:02') }),
      dispatchRecord({ id: 9, startTimeMs: at('09:50') }),
      dispatchRecord({ id: 4, startTimeMs: at('10:00') }),
      dispatchRecord({ id: 1, startTimeMs: at('09:40') }),
      dispatchRecord({ id: 2, startTimeMs: at('10:10') }),
    ];
    expect(await play(dispatches, { backAt: '10:15' })).toEqual([
      '9 running.resumed restore 10:15',
      '4 running.resumed restore 10:15',
      '5 running.resumed restore 10:15',
      '3 running.resumed restore 10:15',
      '2 running.started schedule 10:10 +300000',
      '1 running.stopped schedule 10:10 +300000',
    ]);
  });

  it('leaves what was noted of its last notification, also in the store', async () => {
    const { clock, second } = await restart(from, [dispatchRecord()], { backAt: '10:10' });
    second.start();
    await clock.settle();
    expect(second.getSnapshot().children.pool?.getSnapshot().context.get(1)?.notifiedMs).toBe(at('10:05'));
    second.stop();
  });

  it('is told of once for each restart, also when one ends before it was told of all', async () => {
    const dispatches = Array.from({ length: 1_000 }, (_, i) => dispatchRecord({ id: i + 1 }));
    const { clock, said, second, make, listen } = await restart(from, dispatches);
    second.start();
    await clock.settle();
    // The rest waits for the next turn of the timer.
    const told = said.splice(0).length;
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(1_000);
    const snapshot = JSON.parse(JSON.stringify(second.getPersistedSnapshot()));
    second.stop();
    await clock.settle();
    await clock.advanceBy(60_000);
    expect(said).toEqual([]);
    const third = make({ snapshot });
    listen(third);
    third.start();
    await clock.advanceBy(1_000);
    expect(said).toHaveLength(1_000);
    expect(new Set(said).size).toBe(1_000);
    third.stop();
  });

  it('comes before what the network answers, however much there is to tell', async () => {
    const dispatches = Array.from({ length: 1_000 }, (_, i) => dispatchRecord({ id: i + 1 }));
    const { clock, transport, said, second, release } = await restart(from, dispatches);
    release();
    transport.update(1, { payload: { kw: 1 } });
    transport.delete(2);
    second.start();
    await clock.advanceBy(0);
    expect(said.slice(0, 1_000).map(line => line.split(' ')[0])).toEqual(dispatches.map(({ id }) => String(id)));
    expect(said.slice(1_000).map(line => line.split(' ').slice(0, 2).join(' '))).toEqual([
      '1 running.reconfigured',
      '2 running.stopped',
    ]);
    second.stop();
  });
});

it('reaches each receiver once, whenever it was created', async () => {
  const dispatches = Array.from({ length: 300 }, (_, i) => dispatchRecord({ id: i + 1, startTimeMs: at('08:50') }));
  await using before = await startDispatcher({ dispatches });
  const snapshot = JSON.parse(JSON.stringify(before.dispatcher.actor.getPersistedSnapshot()));
  await before.dispatcher.stop();
  const { clock, transport } = before;
  transport.hold('watch');
  await using after = await startDispatcher({ world: { clock, transport }, snapshot, sync: false });
  const { runningStatusChange } = after.dispatcher;
  const early = runningStatusChange.newReceiver({ limit: 1_000 });
  const receivers = [early];
  after.dispatcher.on('restored', () => receivers.push(runningStatusChange.newReceiver({ limit: 1_000 })));
  let count = 0;
  after.dispatcher.on('running', () => {
    count += 1;
    if (count % 50 === 0) receivers.push(runningStatusChange.newReceiver({ limit: 1_000 }));
  });
  await after.dispatcher.start();
  const first = await early.receive();
  await clock.advanceBy(0);
  receivers.push(runningStatusChange.newReceiver({ limit: 1_000 }));
  expect(receivers.length).toBeGreaterThan(7);
  for (const receiver of receivers) {
    const items = await drain(receiver);
    const ids = items.map(({ id }) => id).concat(receiver === early ? (first?.id ?? []) : []);
    expect(ids.sort((a, b) => a - b)).toEqual(dispatches.map(({ id }) => id));
  }
});

it('lets the event loop turn while 20,000 are resumed', async () => {
  const stored: StoredDispatch[] = Array.from({ length: 20_000 }, (_, i) => {
    const dispatch = dispatchRecord({ id: i + 1, startTimeMs: at('10:00') + (i % 7) });
    const run = { startMs: dispatch.startTimeMs, endMs: dispatch.startTimeMs + 30 * minuteMs };
    const context = {
      dispatch,
      atMs: run.startMs,
      cause: 'schedule' as const,
      run,
      doneMs: null,
      nextChange: { atMs: run.endMs, kind: 'stop' as const },
    };
    return { state: 'running', context, notifiedMs: run.startMs };
  });
  const store: DispatcherStore = {
    ...storeInMemory(),
    open: async () => ({ synced: true }),
    async *load() {
      yield { dispatches: stored, problems: [] };
    },
  };
  const simulated = simulatedClock(at('10:05'));
  // Each look at the clock takes time, as the work between two of them does.
  let busyMs = 0;
  let longestMs = 0;
  let turnedMs = 0;
  const clock = {
    ...simulated,
    monotonicMs: () => {
      busyMs += 0.5;
      longestMs = Math.max(longestMs, busyMs - turnedMs);
      return busyMs;
    },
    yield: (callback: () => void) =>
      simulated.yield(() => {
        turnedMs = busyMs;
        callback();
      }),
    setTimer: (callback: () => void, ms: number) =>
      simulated.setTimer(() => {
        turnedMs = busyMs;
        callback();
      }, ms),
  };
  const transport = memoryTransport();
  transport.hold('watch');
  const machine = dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock, store }) });
  const actor = createActor(machine, { input: { microgridId: 1 } });
  let last = { startMs: 0, id: 0 };
  let count = 0;
  actor.on('running.resumed', ({ dispatch: { id }, run: { startMs } }) => {
    if (startMs < last.startMs || (startMs === last.startMs && id <= last.id)) throw new Error(`${id} comes too late`);
    last = { startMs, id };
    count += 1;
  });
  actor.start();
  await simulated.settle();
  await simulated.advanceBy(0);
  expect(count).toBe(20_000);
  expect(longestMs).toBeLessThan(12);
  actor.stop();
  await simulated.settle();
});
