// Receivers by type, and merging (design.md, section 5). D1-D13 are the tests of the Python dispatcher, by their numbers there.
import { describe, expect, it } from 'vitest';
import {
  type MergeStrategy,
  mergeByType,
  mergeByTypeAndSelector,
  mergeForComponent,
} from '../../machines/manage/mergeStrategy.js';
import { type Dispatch, RunningState } from '../../src/dispatch.js';
import type { RunningStateOptions } from '../../src/dispatcher/mergedReceivers.js';
import { type Logger, silentLogger } from '../../src/logger.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { dispatchRecord, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { drain, startDispatcher, type TestDispatcher, type TestDispatcherOptions } from '../support/startDispatcher.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { at, show } from '../support/time.js';

/** A change in a line, such as `2 started kw 5 by schedule`. */
function inWords({ id, change, payload, dryRun, deleted }: Dispatch): string {
  const words = [id, change?.kind, payload.kw === undefined ? '' : `kw ${payload.kw}`, `by ${change?.cause}`];
  return [...words, dryRun ? 'dry' : '', deleted ? 'deleted' : ''].filter(word => word !== '').join(' ');
}

/** A dispatch from one time of Monday to another, with its id as its power; without an end where none is given. */
function run(id: number, from: string, to: string | null, fields: Partial<DispatchRecord> = {}): DispatchRecord {
  const durationMs = to === null ? null : at(to) - at(from);
  return dispatchRecord({ id, startTimeMs: at(from), durationMs, payload: { kw: id }, ...fields });
}

/** A dispatcher, and what a receiver of CHARGE hears. */
async function hearing(options: TestDispatcherOptions & { receiver?: RunningStateOptions; type?: string | string[] }) {
  const test = await startDispatcher(options);
  const receiver = test.dispatcher.newRunningStateReceiver(options.type ?? 'CHARGE', options.receiver);
  return Object.assign(test, {
    receiver,
    heard: async () => (await drain(receiver)).map(inWords),
    /** Changes a dispatch, and lets the dispatcher notice it. */
    change: async (id: number, changes: Partial<DispatchRecord>) => {
      test.transport.update(id, changes);
      await test.clock.settle();
    },
  });
}

const byType = { receiver: { mergeStrategy: mergeByType } };

describe('a receiver by type', () => {
  it('D10 D8 gets what runs, each start and each stop, also the scheduled one, of its type only', async () => {
    const dispatches = [
      run(1, '09:00', '10:00'),
      run(2, '09:30', '10:00', { type: 'HOLD' }),
      run(3, '10:00', '10:30'),
      run(4, '09:00', '11:00', { active: false }),
    ];
    await using test = await hearing({ dispatches, now: '09:15' });
    expect(await test.heard()).toEqual(['1 started kw 1 by sync']);
    await test.clock.advanceTo(at('12:00'));
    expect(await test.heard()).toEqual([
      '3 started kw 3 by schedule',
      '1 stopped kw 1 by schedule',
      '3 stopped kw 3 by schedule',
    ]);
  });

  it('takes several types, and all', async () => {
    const dispatches = ['CHARGE', 'HOLD', 'OTHER'].map((type, i) => run(i + 1, '09:00', null, { type }));
    await using test = await startDispatcher({ dispatches });
    const ids = async (type: string | string[]) =>
      (await drain(test.dispatcher.newRunningStateReceiver(type))).map(({ id }) => id);
    expect(await ids(['HOLD', 'CHARGE'])).toEqual([1, 2]);
    expect(await ids('*')).toEqual([1, 2, 3]);
    expect(await ids('NONE')).toEqual([]);
  });

  it('hears of a change of type as a stop of the old and a start of the new one', async () => {
    await using test = await hearing({ dispatches: [run(1, '09:00', null)], type: ['CHARGE', 'HOLD'] });
    const holds = test.dispatcher.newRunningStateReceiver('HOLD');
    await test.heard();
    await test.change(1, { type: 'HOLD' });
    expect((await drain(test.receiver)).map(({ type, change }) => `${type} ${change?.kind}`)).toEqual([
      'CHARGE stopped',
      'HOLD started',
    ]);
    expect((await drain(holds)).map(inWords)).toEqual(['1 started kw 1 by update']);
  });

  it('D4 hears of the deletion of a dispatch without an end, with the record that was delivered last', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', null)] });
    await test.clock.advanceTo(at('10:00'));
    test.transport.delete(1);
    await test.clock.settle();
    const [started, stopped] = await drain(test.receiver);
    expect([started, stopped].map(it => it && inWords(it))).toEqual([
      '1 started kw 1 by schedule',
      '1 stopped kw 1 by delete deleted',
    ]);
    expect(stopped?.running('CHARGE')).toBe(RunningState.STOPPED);
    expect(stopped?.record).toBe(started?.record);
  });

  it('D5 hears of a dispatch without an end that is made inactive and active again', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', null)] });
    await test.clock.advanceTo(at('10:00'));
    await test.change(1, { active: false });
    await test.change(1, { active: true });
    expect(await test.heard()).toEqual([
      '1 started kw 1 by schedule',
      '1 stopped kw 1 by update',
      '1 started kw 1 by update',
    ]);
  });

  it('D6 hears a stop at once when a dispatch without an end gets a duration that has elapsed', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', null)] });
    await test.clock.advanceTo(at('10:10'));
    await test.change(1, { durationMs: 5 * minuteMs });
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule', '1 stopped kw 1 by update']);
  });

  it('D7 hears a stop only at its end when a dispatch without an end gets a duration', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', null)] });
    await test.clock.advanceTo(at('10:00:05'));
    await test.change(1, { durationMs: 100_000 });
    await test.clock.advanceTo(at('10:01:39'));
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule', '1 reconfigured kw 1 by update']);
    await test.clock.advanceTo(at('10:01:40'));
    expect(await test.heard()).toEqual(['1 stopped kw 1 by schedule']);
  });

  it('D9 hears nothing of a dispatch that was over before, and of a later one not before its time', async () => {
    await using test = await hearing({ dispatches: [run(1, '08:00', '08:30'), run(2, '09:08:20', '09:10')] });
    await test.clock.advanceTo(at('09:08:19.999'));
    expect(await test.heard()).toEqual([]);
    await test.clock.advanceBy(1);
    expect(await test.heard()).toEqual(['2 started kw 2 by schedule']);
  });

  it('hears of a run without length', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', '10:00')] });
    await test.clock.advanceTo(at('10:01'));
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule', '1 stopped kw 1 by schedule']);
  });

  it('S1 M3 M4 hears of dispatches in the same window, and of those that follow at its end', async () => {
    const dispatches = [
      ...[1, 2, 3].map(id => run(id, '10:00', '10:00:15')),
      ...[4, 5, 6, 7].map(id => run(id, '10:00:15', '10:00:30')),
    ];
    await using test = await hearing({ dispatches });
    const kinds = async () => (await drain(test.receiver)).map(({ id, change }) => `${id} ${change?.kind}`);
    await test.clock.advanceTo(at('10:00'));
    expect(await kinds()).toEqual([1, 2, 3].map(id => `${id} started`));
    await test.clock.advanceTo(at('10:00:15'));
    expect(await kinds()).toEqual([
      ...[4, 5, 6, 7].map(id => `${id} started`),
      ...[1, 2, 3].map(id => `${id} stopped`),
    ]);
    await test.clock.advanceTo(at('10:00:30'));
    expect(await kinds()).toEqual([4, 5, 6, 7].map(id => `${id} stopped`));
  });

  it('S2 hears of each start and stop of dispatches that were updated before', async () => {
    await using test = await hearing({ dispatches: [1, 2, 3].map(id => run(id, '10:00', '10:30')) });
    for (const [id, time] of [
      [2, '09:10'],
      [1, '09:20'],
      [3, '09:30'],
    ] as const) {
      await test.clock.advanceTo(at(time));
      await test.change(id, { payload: { kw: id + 10 } });
    }
    await test.clock.advanceTo(at('11:00'));
    expect(await test.heard()).toEqual([
      ...[1, 2, 3].map(id => `${id} started kw ${id + 10} by schedule`),
      ...[1, 2, 3].map(id => `${id} stopped kw ${id + 10} by schedule`),
    ]);
  });

  it('S3 hears the stop of a dispatch whose payload is updated exactly at its end', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', '10:30')] });
    await test.clock.advanceTo(at('10:30') - 1);
    test.clock.stall(1);
    await test.change(1, { payload: { kw: 9 } });
    await test.clock.advanceBy(0);
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule', '1 stopped kw 1 by schedule']);
  });
});

describe('merging', () => {
  it('D11 overlapping dispatches: two starts, the one that remains is handed over to, one stop', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', '10:30'), run(2, '10:15', '10:45')], ...byType });
    await test.clock.advanceTo(at('10:20'));
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule', '2 started kw 2 by schedule']);
    await test.change(2, { active: false });
    expect(await test.heard()).toEqual(['1 reconfigured kw 1 by handover']);
    await test.change(2, { active: true });
    expect(await test.heard()).toEqual(['2 started kw 2 by update']);
    await test.clock.advanceTo(at('10:35'));
    expect(await test.heard()).toEqual([]);
    await test.clock.advanceTo(at('10:45'));
    expect(await test.heard()).toEqual(['2 stopped kw 2 by schedule']);
  });

  it.each([
    ['mergeByType', mergeByType],
    ['mergeByTypeAndSelector', mergeByTypeAndSelector],
  ])('D12 touching dispatches, %s: two starts, no stop between, one at the end', async (_, mergeStrategy) => {
    const dispatches = [run(1, '10:00', '10:30'), run(2, '10:30', '11:00')];
    await using test = await hearing({ dispatches, receiver: { mergeStrategy } });
    await test.clock.advanceTo(at('12:00'));
    expect(await test.heard()).toEqual([
      '1 started kw 1 by schedule',
      '2 started kw 2 by schedule',
      '2 stopped kw 2 by schedule',
    ]);
  });

  it('D13 one dispatch: a start and a stop; an inactive one is in nobody’s way', async () => {
    await using test = await hearing({
      dispatches: [run(1, '10:00', null), run(2, '10:00', null, { active: false })],
      ...byType,
    });
    await test.clock.advanceTo(at('10:00'));
    await test.change(1, { active: false });
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule', '1 stopped kw 1 by update']);
  });

  it('nested dispatches: at the end of the inner one the outer one is in force again, as it is then', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', '12:00'), run(2, '10:30', '11:00')], ...byType });
    await test.clock.advanceTo(at('10:45'));
    // Covered: silent.
    await test.change(1, { payload: { kw: 7 } });
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule', '2 started kw 2 by schedule']);
    await test.clock.advanceTo(at('11:00'));
    const [handover] = await drain(test.receiver);
    expect(handover && inWords(handover)).toBe('1 reconfigured kw 7 by handover');
    expect(handover?.change).toEqual({
      kind: 'reconfigured',
      run: { startMs: at('10:00'), endMs: at('12:00') },
      cause: 'handover',
      atMs: at('11:00'),
      lateMs: 0,
    });
    expect(handover?.running('CHARGE')).toBe(RunningState.RUNNING);
    expect(handover?.runningStateChangeSynced).toEqual(new Date(at('10:45')));
    await test.clock.advanceTo(at('12:00'));
    expect(await test.heard()).toEqual(['1 stopped kw 7 by schedule']);
  });

  it('equal dispatches: the higher id is in force, and is stopped once', async () => {
    await using test = await hearing({ dispatches: [run(2, '10:00', '10:30'), run(1, '10:00', '10:30')], ...byType });
    await test.clock.advanceTo(at('11:00'));
    expect(await test.heard()).toEqual([
      '1 started kw 1 by schedule',
      '2 started kw 2 by schedule',
      '2 stopped kw 2 by schedule',
    ]);
  });

  it('equal ends: one stop, of what was in force, noticed when the first of them is', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:15', '10:30'), run(2, '10:00', '10:30')], ...byType });
    await test.clock.advanceTo(at('10:20'));
    await test.heard();
    test.clock.suspend(hourMs);
    await test.clock.advanceBy(1_000);
    const [stopped, ...others] = await drain(test.receiver);
    expect(others).toEqual([]);
    expect(stopped?.id).toBe(1);
    expect(stopped?.change).toMatchObject({ kind: 'stopped', cause: 'schedule', atMs: at('10:30') });
    expect(show(at('10:30') + Number(stopped?.change?.lateMs))).toBe('11:20:01');
  });

  it('a dispatch found late inside an earlier run is covered', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', '11:00')], ...byType, now: '10:30' });
    await test.heard();
    test.transport.put(run(2, '09:50', '11:30'));
    await test.clock.settle();
    expect(await test.heard()).toEqual([]);
    await test.clock.advanceTo(at('11:00'));
    expect(await test.heard()).toEqual(['2 reconfigured kw 2 by handover']);
  });

  it('a change of dry run in a run: the old identity stops first, then the new one starts', async () => {
    await using test = await hearing({ dispatches: [run(1, '10:00', null), run(2, '10:00', null)], ...byType });
    await test.clock.advanceTo(at('10:10'));
    await test.heard();
    await test.change(2, { dryRun: true });
    expect(await test.heard()).toEqual(['1 reconfigured kw 1 by handover', '2 started kw 2 by update dry']);
    await test.change(1, { dryRun: true });
    expect(await test.heard()).toEqual(['1 stopped kw 1 by update']);
    test.transport.delete(2);
    await test.clock.settle();
    expect(await test.heard()).toEqual(['1 reconfigured kw 1 by handover dry']);
  });

  it('a change of selector in a run, by type and selector: in any order of ids it is the same', async () => {
    const mergeStrategy = mergeByTypeAndSelector;
    const dispatches = [run(1, '10:00', null, { selector: { ids: [5, 6] } })];
    await using test = await hearing({ dispatches, receiver: { mergeStrategy }, now: '10:10' });
    await test.heard();
    await test.change(1, { selector: { ids: [6, 5] }, payload: { kw: 2 } });
    expect(await test.heard()).toEqual(['1 reconfigured kw 2 by update']);
    await test.change(1, { selector: { ids: [5] } });
    expect(await test.heard()).toEqual(['1 stopped kw 2 by update', '1 started kw 2 by update']);
  });

  it('for a component: across types, only where the selector means it', async () => {
    const dispatches = [
      run(1, '10:00', '12:00', { selector: { categories: [{ category: 'BATTERY' }] } }),
      run(2, '10:30', '11:00', { type: 'HOLD', selector: { ids: [5] } }),
      run(3, '10:40', '10:50', { selector: { ids: [6] } }),
      run(4, '10:40', '10:50', { type: 'OTHER', selector: { ids: [5] } }),
    ];
    const mergeStrategy = mergeForComponent({ id: 5, category: 'BATTERY' });
    await using test = await hearing({ dispatches, receiver: { mergeStrategy }, type: ['CHARGE', 'HOLD'] });
    await test.clock.advanceTo(at('12:00'));
    expect(await test.heard()).toEqual([
      '1 started kw 1 by schedule',
      '2 started kw 2 by schedule',
      '1 reconfigured kw 1 by handover',
      '1 stopped kw 1 by schedule',
    ]);
    expect(() => mergeForComponent({})).toThrow(new RangeError('component must have an id or a category'));
  });

  it('a late receiver gets what is in force, one for each identity; nobody else gets it again', async () => {
    const dispatches = [run(1, '09:00', null), run(2, '09:30', null), run(3, '09:10', null, { dryRun: true })];
    await using test = await hearing({ dispatches, ...byType, now: '10:00' });
    const expected = ['2 started kw 2 by sync', '3 started kw 3 by sync dry'];
    expect((await test.heard()).sort()).toEqual(expected);
    const late = test.dispatcher.newRunningStateReceiver('CHARGE', byType.receiver);
    // Not read yet, it hears of the change in place of what was in force.
    await test.change(2, { active: false });
    expect((await drain(late)).map(inWords).sort()).toEqual(['1 reconfigured kw 1 by handover', expected[1]]);
    expect(await test.heard()).toEqual(['1 reconfigured kw 1 by handover']);
  });

  it('a receiver that sleeps keeps the newest of each identity', async () => {
    const warnings: object[] = [];
    const logger: Logger = { ...silentLogger, warn: fields => warnings.push(fields) };
    const dispatches = [run(1, '10:00', '10:30'), run(2, '10:10', '10:50'), run(3, '10:10', '10:20', { dryRun: true })];
    const receiver = { mergeStrategy: mergeByType, limit: 1, name: 'sleeper' };
    await using test = await hearing({ dispatches, receiver, logger });
    await test.clock.advanceTo(at('10:40'));
    await test.change(2, { payload: { kw: 8 } });
    const heard = await test.heard();
    expect(heard).toEqual(['3 stopped kw 3 by schedule dry', '2 reconfigured kw 8 by update']);
    expect(test.receiver.coalesced).toBe(3);
    expect(warnings).toEqual([{ channel: 'runningState', receiver: 'sleeper', limit: 1 }]);
  });

  it('after a restart: what is in force, without a repetition', async () => {
    const store = storeInMemory();
    const dispatches = [run(1, '10:00', '12:00'), run(2, '10:30', '11:00')];
    const first = await hearing({ dispatches, ...byType, store, now: '10:45' });
    await first.heard();
    await first.dispatcher.stop();
    const { clock, transport } = first;
    await using test = await startDispatcher({ store, sync: false, world: { clock, transport } });
    const receiver = test.dispatcher.newRunningStateReceiver('CHARGE', byType.receiver);
    await test.dispatcher.start();
    await test.dispatcher.ready();
    expect((await drain(receiver)).map(inWords)).toEqual(['1 started kw 1 by restore', '2 started kw 2 by restore']);
    const late = test.dispatcher.newRunningStateReceiver('CHARGE', byType.receiver);
    expect((await drain(late)).map(inWords)).toEqual(['2 started kw 2 by restore']);
    await test.clock.advanceTo(at('12:00'));
    expect((await drain(receiver)).map(inWords)).toEqual([
      '1 reconfigured kw 1 by handover',
      '1 stopped kw 1 by schedule',
    ]);
  });

  it('after a suspend: what is in force then', async () => {
    const dispatches = [run(1, '10:00', '12:00'), run(2, '10:30', '11:00'), run(3, '10:20', '11:10')];
    await using test = await hearing({ dispatches, ...byType, now: '10:45' });
    await test.heard();
    test.clock.suspend(hourMs);
    await test.clock.advanceBy(1_000);
    expect(await test.heard()).toEqual(['1 reconfigured kw 1 by handover']);
  });

  it('is decided once for receivers with the same types and strategy, which come and go', async () => {
    const asked: number[] = [];
    const mergeStrategy: MergeStrategy = {
      identity: record => {
        asked.push(record.id);
        return mergeByType.identity(record);
      },
    };
    const dispatches = [run(1, '10:00', '12:00'), run(2, '10:30', '11:00')];
    await using test = await hearing({ dispatches, receiver: { mergeStrategy } });
    const other = test.dispatcher.newRunningStateReceiver(['CHARGE'], { mergeStrategy });
    await test.clock.advanceTo(at('10:15'));
    expect(asked).toEqual([1]);
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule']);
    other.close();
    test.receiver.close();
    await test.clock.advanceTo(at('10:45'));
    expect(asked).toEqual([1]);
    const late = test.dispatcher.newRunningStateReceiver('CHARGE', { mergeStrategy });
    await test.clock.advanceTo(at('11:00'));
    expect((await drain(late)).map(inWords)).toEqual(['1 reconfigured kw 1 by handover']);
    expect(asked).toEqual([1, 1, 2]);
  });

  it('is closed by a signal, and from the start after the dispatcher was stopped', async () => {
    await using test = await startDispatcher({ dispatches: [run(1, '09:00', null)] });
    const controller = new AbortController();
    const options = { signal: controller.signal, name: undefined, limit: undefined, mergeStrategy: undefined };
    const receiver = test.dispatcher.newRunningStateReceiver('CHARGE', options);
    await receiver.receive();
    const pending = receiver.receive();
    controller.abort();
    expect(await pending).toBeUndefined();
    await test.dispatcher.stop();
    expect(await test.dispatcher.newRunningStateReceiver('CHARGE').receive()).toBeUndefined();
    expect(() => test.dispatcher.newRunningStateReceiver('CHARGE', { limit: 0 })).toThrow(RangeError);
  });
});

describe('a strategy of a program', () => {
  it('without a filter merges by its identity; null is not for the receiver', async () => {
    const mergeStrategy: MergeStrategy = { identity: ({ payload }) => (payload.kw === 3 ? null : 'all') };
    const dispatches = [run(1, '10:00', null), run(2, '10:10', null), run(3, '10:20', null)];
    await using test = await hearing({ dispatches, receiver: { mergeStrategy } });
    await test.clock.advanceTo(at('10:30'));
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule', '2 started kw 2 by schedule']);
    await test.change(2, { payload: { kw: 3 } });
    expect(await test.heard()).toEqual(['1 reconfigured kw 1 by handover']);
    await test.change(1, { payload: { kw: 3 } });
    expect(await test.heard()).toEqual(['1 stopped kw 1 by update']);
  });

  it('with a filter gets exactly what the filter lets pass, which sees all dispatches and the time', async () => {
    const calls: [number[], number, string][] = [];
    const mergeStrategy: MergeStrategy = {
      identity: () => 'all',
      filter: (records, record, nowMs) => {
        calls.push([records.map(({ id }) => id), record.id, show(nowMs)]);
        return record.id === 1;
      },
    };
    const dispatches = [run(1, '10:00', '10:30'), run(2, '10:10', '10:20'), run(3, '10:00', null, { type: 'HOLD' })];
    await using test = await hearing({ dispatches, receiver: { mergeStrategy } });
    await test.clock.advanceTo(at('10:15'));
    expect(await test.heard()).toEqual(['1 started kw 1 by schedule']);
    await test.clock.advanceTo(at('10:30'));
    expect(await test.heard()).toEqual(['1 stopped kw 1 by schedule']);
    expect(calls).toEqual([
      [[1, 2, 3], 1, '10:00'],
      [[1, 2, 3], 2, '10:10'],
      [[1, 2, 3], 2, '10:20'],
      [[1, 2, 3], 1, '10:30'],
    ]);
  });

  it.each(['identity', 'filter'] as const)('whose %s throws is a problem, and the message passes', async name => {
    const mergeStrategy: MergeStrategy = {
      ...mergeByType,
      [name]: () => {
        throw new Error('broken');
      },
    };
    const dispatches = [run(1, '10:00', '10:30'), run(2, '10:10', '10:20')];
    await using test = await hearing({ dispatches, receiver: { mergeStrategy } });
    await test.clock.advanceTo(at('10:30'));
    expect((await test.heard()).map(line => line.slice(0, 9))).toEqual([
      '1 started',
      '2 started',
      '2 stopped',
      '1 stopped',
    ]);
    expect(test.problems.length).toBeGreaterThanOrEqual(2);
    expect(test.problems[0]).toMatchObject({
      code: 'CONSUMER_FAILED',
      message: 'the merge strategy of receivers of CHARGE failed for dispatch 1: broken',
      dispatchId: 1,
    });
  });
});

describe('lifecycle events, as the Python dispatcher tests them', () => {
  it('D1 D2 D3 tell of a creation, an update and a deletion', async () => {
    await using test: TestDispatcher = await startDispatcher();
    const receiver = test.dispatcher.lifecycleEvents.newReceiver();
    const recurrence = { frequency: 'DAILY', interval: 1 } as const;
    const created = test.transport.put(dispatchRecord({ active: false, recurrence }));
    await test.clock.settle();
    const updated = test.transport.update(1, { active: true, recurrence: null });
    await test.clock.settle();
    test.transport.delete(1);
    await test.clock.settle();
    const events = await drain(receiver);
    expect(events.map(({ type, dispatch }) => [type, dispatch.record, dispatch.deleted])).toEqual([
      ['created', created, false],
      ['updated', updated, false],
      ['deleted', updated, true],
    ]);
  });
});

describe('a start that is moved inside its run', () => {
  it.each([
    ['without an end', null],
    ['with the same end', hourMs],
  ])('%s: who receives, comes late, restarts or begins anew has the same in force', async (_, durationMs) => {
    const dispatches = [at('09:00'), at('09:05')].map((startTimeMs, i) =>
      dispatchRecord({ id: i + 1, startTimeMs, durationMs: durationMs && at('10:00') - startTimeMs }),
    );
    await using test = await startDispatcher({ dispatches });
    const inForce = async ({ dispatcher }: typeof test) =>
      (await drain(dispatcher.newRunningStateReceiver('CHARGE', { mergeStrategy: { ...mergeByType } }))).at(-1)?.id;
    const receiver = test.dispatcher.newRunningStateReceiver('CHARGE', { mergeStrategy: mergeByType });
    await test.clock.advanceTo(at('09:12'));
    expect([(await drain(receiver)).at(-1)?.id, await inForce(test)]).toEqual([2, 2]);
    test.transport.update(1, { startTimeMs: at('09:10'), durationMs: durationMs && at('10:00') - at('09:10') });
    await test.clock.settle();
    const snapshot = JSON.parse(JSON.stringify(test.dispatcher.actor.getPersistedSnapshot()));
    await using restarted = await startDispatcher({ world: test, snapshot });
    await using anew = await startDispatcher({ world: test });
    const told = [
      (await drain(receiver)).at(-1)?.id,
      await inForce(test),
      await inForce(restarted),
      await inForce(anew),
    ];
    expect(told).toEqual([1, 1, 1, 1]);
  });
});
