import { describe, expect, it } from 'vitest';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { dispatchRecord, hourMs, minuteMs, version } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

describe('a live dispatcher', () => {
  it('lists all dispatches once an hour, at a minute of its own', async () => {
    const listedAt: number[][] = [];
    for (let i = 0; i < 5; i++) {
      const clock = simulatedClock(at('09:00'));
      const memory = memoryTransport([dispatchRecord()]);
      const times: number[] = [];
      const transport: typeof memory = {
        ...memory,
        list: options => {
          times.push(clock.nowMs());
          return memory.list(options);
        },
      };
      await using dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger });
      await dispatcher.start();
      await dispatcher.ready();
      const states: string[] = [];
      dispatcher.on('sync', ({ state }) => states.push(state));
      await clock.advanceBy(10 * hourMs);
      expect(states).toEqual([]);
      const [first = 0, ...later] = times.slice(1);
      expect(first - at('09:00')).toBeGreaterThanOrEqual(30 * minuteMs);
      expect(first - at('09:00')).toBeLessThanOrEqual(90 * minuteMs);
      expect(later.map((time, n) => time - first - n * hourMs)).toEqual(later.map(() => hourMs));
      expect(later.length).toBeGreaterThanOrEqual(8);
      listedAt.push(times);
    }
    expect(new Set(listedAt.map(([, first]) => first)).size).toBeGreaterThan(1);
  });

  it('adopts then what its stream has not brought, and what came meanwhile', async () => {
    await using test = await startDispatcher({ dispatches: [dispatchRecord({ id: 1 }), dispatchRecord({ id: 2 })] });
    test.said();
    test.transport.deleteSilently(1);
    test.transport.putSilently(dispatchRecord({ id: 3 }));
    const release = test.transport.hold('list');
    await test.clock.advanceBy(90 * minuteMs);
    test.transport.put(dispatchRecord({ id: 4, startTimeMs: at('12:00') }));
    test.transport.delete(2);
    await test.clock.settle();
    release();
    await test.clock.advanceBy(0);
    expect(test.said().filter(line => /created|deleted/.test(line))).toEqual([
      '3 created',
      '1 deleted',
      '4 created',
      '2 deleted',
    ]);
  });

  it('does not run a dispatch once more of which its stream tells late what was before the deletion that a list brought', async () => {
    const openEnded = { startTimeMs: at('09:00'), durationMs: null };
    const memory = memoryTransport([dispatchRecord(openEnded)]);
    let released = Promise.resolve();
    const transport: typeof memory = {
      ...memory,
      async *list(options) {
        await released;
        yield* memory.list(options);
      },
    };
    await using test = await startDispatcher({ world: { clock: simulatedClock(at('09:00')), transport } });
    let release = () => {};
    released = new Promise(resolve => {
      release = resolve;
    });
    await test.clock.advanceBy(90 * minuteMs);
    test.said();
    const updated = dispatchRecord({ ...openEnded, payload: { kw: 2 }, updateTime: version(2) });
    memory.put(updated);
    memory.deleteSilently(1);
    await test.clock.settle();
    release();
    await test.clock.advanceBy(0);
    memory.send({ kind: 'deleted', dispatch: updated });
    await test.clock.settle();
    expect(test.said()).toEqual(['1 deleted', '1 stopped 09:00-never by delete at 10:30']);
    // A service that lists by number may have left it out: its next change brings it back.
    await test.clock.advanceBy(11 * minuteMs);
    memory.send({ kind: 'updated', dispatch: { ...updated, updateTime: version(3) } });
    await test.clock.settle();
    expect(test.dispatcher.dispatches.has(1)).toBe(true);
  });
});

describe('an id that is assigned again, as after a restored backup', () => {
  const first = dispatchRecord({ startTimeMs: at('08:50'), createTime: version(1), updateTime: version(1) });
  const second = { ...first, payload: { kw: 2 }, createTime: version(5), updateTime: version(5) };
  const replaced = [
    '1 deleted',
    '1 stopped 08:50-09:20 by delete at 09:00',
    '1 created',
    '1 started 08:50-09:20 by update at 09:00',
  ];

  it('is another dispatch in a list: the first one is deleted, then the second one created', async () => {
    await using test = await startDispatcher({ dispatches: [first] });
    test.said();
    test.transport.putSilently(second);
    test.transport.cut();
    await test.clock.advanceBy(0);
    expect(test.said()).toEqual(replaced);
    expect(test.dispatcher.dispatches.get(1)?.payload).toEqual({ kw: 2 });
  });

  it('is another dispatch in a stream', async () => {
    await using test = await startDispatcher({ dispatches: [first] });
    test.said();
    test.transport.send({ kind: 'created', dispatch: second });
    await test.clock.settle();
    expect(test.said()).toEqual(replaced);
  });

  it('is created although the first one was deleted just before', async () => {
    await using test = await startDispatcher({ dispatches: [first] });
    test.transport.delete(1);
    await test.clock.settle();
    test.said();
    test.transport.send({ kind: 'updated', dispatch: { ...first, updateTime: version(3) } });
    test.transport.send({ kind: 'created', dispatch: second });
    await test.clock.settle();
    expect(test.said()).toEqual(['1 created', '1 started 08:50-09:20 by update at 09:00']);
  });

  it('is not deleted with the first one, whose deletion comes late', async () => {
    await using test = await startDispatcher({ dispatches: [second] });
    test.said();
    test.transport.send({ kind: 'deleted', dispatch: { ...first, updateTime: version(9) } });
    await test.clock.settle();
    expect(test.said()).toEqual([]);
  });

  it('is gone when the second one is deleted that never came', async () => {
    await using test = await startDispatcher({ dispatches: [first] });
    test.said();
    test.transport.send({ kind: 'deleted', dispatch: second });
    await test.clock.settle();
    expect(test.said()).toEqual(replaced.slice(0, 2));
  });

  it('is the same dispatch when a service gives no time of creation', async () => {
    const unknown = '1970-01-01T00:00:00.000000000Z';
    await using test = await startDispatcher({ dispatches: [{ ...first, createTime: unknown }] });
    test.said();
    test.transport.send({ kind: 'updated', dispatch: second });
    await test.clock.settle();
    expect(test.said()).toEqual(['1 updated', '1 reconfigured 08:50-09:20 by update at 09:00']);
  });
});
