import { readFile } from 'node:fs/promises';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { fromPromise } from 'xstate';
import type { DispatchInfo } from '../../machines/manage/dispatchInfo.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { dispatcherMetrics } from '../../src/telemetry/dispatcherMetrics.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { daily, dispatchRecord, minuteMs } from '../support/dispatchRecord.js';
import { measuring } from '../support/measuring.js';
import { heapUsed } from '../support/memory.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

const of1 = 'dispatcher.microgrid.id=1';

function inState(present: string | null, microgrid = of1): string[] {
  return ['catchingUp', 'connecting', 'live', 'starting', 'waiting'].map(
    state => `${microgrid} dispatcher.sync.state=${state}: ${state === present ? 1 : 0}`,
  );
}

describe('the metrics of a dispatcher', () => {
  it('are those that docs/metrics.md lists, with their kinds and units', async () => {
    using measured = measuring({ isGlobal: false });
    await using test = await startDispatcher();
    const { dispatcher, clock } = test;
    const observer = dispatcherMetrics(measured.provider.getMeter('test'), {
      microgridId: 1,
      registry: { size: 0, runningCount: 0 },
      nowMs: () => clock.nowMs(),
      status: () => dispatcher.status,
    });
    const about = {
      dispatch: dispatchRecord(),
      run: { startMs: 0, endMs: 0 },
      cause: 'schedule',
      atMs: 0,
      lateMs: 0,
    } as const;
    observer.take({ ...about, type: 'running.started' });
    observer.take({ ...about, type: 'running.stopped' });
    observer.take({ ...about, type: 'run.missed', count: 1, more: false, firstMs: 0, lastMs: 0 });
    const status = { ...dispatcher.status, state: 'connecting' } as const;
    for (let i = 0; i < 2; i += 1) observer.take({ type: 'dispatcher.sync', microgridId: 1, status });
    observer.coalesced({ channel: 'runningState', receiver: 'asleep', limit: 1 });
    observer.restarted('CHARGE');
    observer.problem('UNAVAILABLE');
    const page = await readFile('docs/metrics.md', 'utf8');
    const rows = page.matchAll(/^\| `(dispatcher\.[\w.]+)` \| (histogram|gauge|counter)(, s)? \|/gm);
    const listed = [...rows].map(([, name, kind, unit = '']) => `${name} ${kind}${unit}`);
    expect(listed).toHaveLength(11);
    expect(await measured.names()).toEqual(listed.sort());
  });

  it('tell how late runs started and ended on schedule', async () => {
    using measured = measuring();
    await using test = await startDispatcher({ dispatches: [dispatchRecord()] });
    await test.clock.advanceTo(at('09:59'));
    test.clock.stall(2 * minuteMs);
    await test.clock.advanceTo(at('10:10'));
    expect(await measured.of('dispatcher.start.lateness')).toEqual([`${of1}: 1 of 60`]);
    expect(await measured.of('dispatcher.stop.lateness')).toEqual([]);
    await test.clock.advanceTo(at('11:00'));
    expect(await measured.of('dispatcher.stop.lateness')).toEqual([`${of1}: 1 of 0`]);
  });

  it('do not take for lateness what the first sync and an update found', async () => {
    using measured = measuring();
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ id: 1, startTimeMs: at('08:50') })] });
    test.transport.update(1, { active: false });
    await test.clock.settle();
    expect(test.said()).toEqual([
      '1 created',
      '1 started 08:50-09:20 by sync at 09:00',
      '1 updated',
      '1 stopped 08:50-09:20 by update at 09:00',
    ]);
    expect(await measured.of('dispatcher.start.lateness')).toEqual([]);
    expect(await measured.of('dispatcher.stop.lateness')).toEqual([]);
  });

  it('count the dispatches that it knows and those that run', async () => {
    using measured = measuring();
    await using test = await startDispatcher({
      dispatches: [dispatchRecord({ id: 1 }), dispatchRecord({ id: 2, startTimeMs: at('08:50') })],
    });
    expect(await measured.of('dispatcher.dispatch.known')).toEqual([`${of1}: 2`]);
    expect(await measured.of('dispatcher.dispatch.running')).toEqual([`${of1}: 1`]);
    test.transport.delete(2);
    await test.clock.settle();
    expect(await measured.of('dispatcher.dispatch.known')).toEqual([`${of1}: 1`]);
    expect(await measured.of('dispatcher.dispatch.running')).toEqual([`${of1}: 0`]);
  });

  it('tell the state of the sync, its age, and each attempt to connect again with its reason', async () => {
    using measured = measuring();
    await using test = await startDispatcher();
    expect(await measured.of('dispatcher.sync.status')).toEqual(inState('live'));
    expect(await measured.of('dispatcher.sync.age')).toEqual([`${of1}: 0`]);
    expect(await measured.of('dispatcher.reconnects')).toEqual([]);
    test.transport.failNext('watch', new DispatchError('UNAVAILABLE', 'the service is away'));
    test.transport.failNext('watch', new DispatchError('UNAUTHENTICATED', 'the key is not accepted'));
    test.transport.cut();
    await test.clock.advanceBy(5_000);
    expect(await measured.of('dispatcher.sync.status')).toEqual(inState('waiting'));
    const ageMs = test.clock.nowMs() - (test.dispatcher.status.lastContactMs ?? 0);
    expect(ageMs).toBeGreaterThan(4_000);
    expect(await measured.of('dispatcher.sync.age')).toEqual([`${of1}: ${ageMs / 1000}`]);
    await test.clock.advanceBy(2 * minuteMs);
    expect(await measured.of('dispatcher.sync.status')).toEqual(inState('live'));
    expect(await measured.of('dispatcher.reconnects')).toEqual([
      `${of1} error.type=UNAUTHENTICATED: 1`,
      `${of1} error.type=UNAVAILABLE: 2`,
    ]);
    expect(await measured.of('dispatcher.problems')).toEqual([
      `${of1} error.type=UNAUTHENTICATED: 1`,
      `${of1} error.type=UNAVAILABLE: 2`,
    ]);
  });

  it('count missed runs', async () => {
    using measured = measuring();
    await using test = await startDispatcher({
      dispatches: [dispatchRecord({ recurrence: daily({ frequency: 'HOURLY' }) })],
    });
    await test.clock.advanceTo(at('09:30'));
    test.clock.suspend(180 * minuteMs);
    await test.clock.advanceBy(minuteMs);
    expect(await measured.of('dispatcher.missed_runs')).toEqual([`${of1}: 3`]);
  });

  it('count coalesced items by receiver, each of them', async () => {
    using measured = measuring();
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ id: 1, startTimeMs: at('08:50') })] });
    const { dispatcher, transport, clock } = test;
    const receiver = dispatcher.newRunningStateReceiver('CHARGE', { name: 'asleep', limit: 1 });
    dispatcher.lifecycleEvents.newReceiver({ limit: 1 });
    dispatcher.lifecycleEvents.newReceiver({ name: 'roomy' });
    for (let kw = 1; kw <= 4; kw += 1) {
      transport.update(1, { payload: { kw } });
      await clock.settle();
    }
    expect(receiver.coalesced).toBe(3);
    expect(await measured.of('dispatcher.coalesced_items')).toEqual([
      `${of1} dispatcher.channel=lifecycleEvents dispatcher.receiver=lifecycleEvents: 3`,
      `${of1} dispatcher.channel=runningState dispatcher.receiver=asleep: 3`,
    ]);
  });

  it('count managed actors that were started again, by type', async () => {
    using measured = measuring();
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ startTimeMs: at('08:50') })] });
    let count = 0;
    const failing = fromPromise<void, DispatchInfo>(async () => {
      count += 1;
      if (count <= 2) throw new Error('the device is busy');
    });
    test.dispatcher.startManaging('*', failing, { retryIntervalMs: 1_000 });
    await test.clock.advanceBy(10_000);
    expect(count).toBe(3);
    expect(await measured.of('dispatcher.managed_actor.restarts')).toEqual([
      `${of1} dispatcher.dispatch.type=CHARGE: 2`,
    ]);
    expect(await measured.of('dispatcher.problems')).toEqual([`${of1} error.type=CONSUMER_FAILED: 2`]);
  });
});

describe('two dispatchers', () => {
  it('are measured side by side', async () => {
    using measured = measuring();
    const start = async (microgridId: number, dispatches: number) => {
      const records = Array.from({ length: dispatches }, (_, i) => dispatchRecord({ id: i + 1, microgridId }));
      const transport = memoryTransport(records);
      const clock = simulatedClock(at('09:00'));
      const dispatcher = new Dispatcher({ microgridId, transport, clock, logger: silentLogger });
      await dispatcher.start();
      await dispatcher.ready();
      return dispatcher;
    };
    const one = await start(1, 1);
    await using two = await start(2, 2);
    const of2 = 'dispatcher.microgrid.id=2';
    expect(await measured.of('dispatcher.dispatch.known')).toEqual([`${of1}: 1`, `${of2}: 2`]);
    await one.stop();
    expect(await measured.of('dispatcher.dispatch.known')).toEqual([`${of1}: 0`, `${of2}: 2`]);
    expect(await measured.of('dispatcher.sync.status')).toEqual([...inState(null), ...inState('live', of2)]);
    expect(two.status.state).toBe('live');
  });
});

describe('the end of a dispatcher', () => {
  it('is told once as a state that is none, and then nothing is read of it any more', async () => {
    using measured = measuring({ temporality: AggregationTemporality.DELTA });
    const { dispatcher } = await startDispatcher();
    expect(await measured.of('dispatcher.sync.status')).toEqual(inState('live'));
    await dispatcher.stop();
    expect(await measured.of('dispatcher.sync.status')).toEqual(inState(null));
    expect(await measured.names()).toEqual([]);
  });

  it('lets go of it', async () => {
    using measured = measuring();
    const stopped = async () => {
      const { dispatcher } = await startDispatcher();
      await measured.of('dispatcher.sync.status');
      await dispatcher.stop();
      return new WeakRef(dispatcher);
    };
    const dispatcher = await stopped();
    await expect
      .poll(() => {
        heapUsed();
        return dispatcher.deref() === undefined;
      })
      .toBe(true);
  });
});

it('a dispatcher that was started before a meter provider was registered is not measured', async () => {
  await using _ = await startDispatcher();
  using measured = measuring();
  expect(await measured.names()).toEqual([]);
});

describe('what measures a dispatcher and throws', () => {
  const fail = () => {
    throw new Error('of the meter');
  };
  it.each([
    ['at the start', fail],
    [
      'whenever it is told anything',
      () => ({ take: fail, problem: fail, coalesced: fail, restarted: fail, end: fail }),
    ],
  ])('%s is a problem, told once, and disturbs nothing', async (_, observe) => {
    const clock = simulatedClock(at('09:00'));
    const transport = memoryTransport([dispatchRecord()]);
    const dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger }, observe);
    const heard: string[] = [];
    dispatcher.on('problem', ({ message }) => heard.push(message));
    dispatcher.on('running', ({ change }) => heard.push(`${change?.kind}`));
    await dispatcher.start();
    await dispatcher.ready();
    await clock.advanceTo(at('11:00'));
    await dispatcher.stop();
    expect(heard).toEqual(['the measuring failed: of the meter', 'started', 'stopped']);
    expect(dispatcher.status.state).toBe('stopped');
  });
});
