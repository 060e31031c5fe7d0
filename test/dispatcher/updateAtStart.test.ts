import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { systemClock } from '../../src/dispatcher/systemClock.js';
import { silentLogger } from '../../src/logger.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { recordNotifications } from '../../src/testing/recordNotifications.js';
import { dispatchRecord, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

/** Updates that leave the start as it is. */
const updates: readonly Partial<DispatchRecord>[] = [
  { payload: { kw: 5 } },
  { selector: { ids: [6] } },
  { durationMs: hourMs },
  { durationMs: null },
  { dryRun: true },
];

/** Milliseconds from the start. */
const moments = [-2, -1, 0, 1, 2];

/** Every order of the ticks of the clock, its timers, and one or two updates around a start. */
const orders = [0, 1].flatMap(earlyMs =>
  Array.from({ length: 2 ** moments.length }, (_, bits) => moments.map((_, i) => (bits & (1 << i)) > 0)).flatMap(
    timersWait =>
      moments.flatMap(first =>
        [null, ...moments.filter(ms => ms >= first)].map(second => ({
          /** So early timers fire. */
          earlyMs,
          /** At which ticks the timers fire after the updates. */
          timersWait,
          first,
          second,
        })),
      ),
  ),
);

describe('an update within two milliseconds of a start', () => {
  it('leaves it announced once, in every order', async () => {
    const startMs = at('10:00');
    expect(orders).toHaveLength(1_280);
    for (const [i, order] of orders.entries()) {
      const { earlyMs, timersWait, first, second } = order;
      await using test = await startDispatcher({ dispatches: [dispatchRecord()], now: startMs - 3, earlyMs });
      for (const [tick, ms] of moments.entries()) {
        if (timersWait[tick]) test.clock.stall(1);
        else await test.clock.advanceBy(1);
        if (ms === first) test.transport.update(1, updates[i % updates.length] ?? {});
        if (ms === second) test.transport.update(1, { payload: { kw: 7 } });
        await test.clock.settle();
      }
      await test.clock.advanceBy(1_000);
      const types = test.recorder.all.map(({ type }) => type);
      const runs = test.recorder.all.flatMap(said => (said.type === 'running.started' ? said.run.startMs : []));
      expect(runs, JSON.stringify(order)).toEqual([startMs]);
      expect(types.filter(type => type === 'lifecycle.updated')).toHaveLength(second === null ? 1 : 2);
      expect(types).not.toContain('running.stopped');
      expect(types).not.toContain('run.missed');
    }
  });

  it('leaves it announced once, five hundred times by the real clock', async () => {
    const firstMs = Date.now() + 300;
    const dispatches = Array.from({ length: 500 }, (_, id) =>
      dispatchRecord({ id, startTimeMs: firstMs + id, durationMs: minuteMs }),
    );
    const transport = memoryTransport(dispatches);
    await using dispatcher = new Dispatcher({ microgridId: 1, transport, clock: systemClock, logger: silentLogger });
    using recorder = recordNotifications(dispatcher);
    await dispatcher.start();
    await dispatcher.ready();

    const due = dispatches.map(({ id, startTimeMs }) => ({ id, atMs: startTimeMs + (id % 5) - 2 }));
    due.sort((a, b) => a.atMs - b.atMs);
    for (const { id, atMs } of due) {
      while (Date.now() < atMs) await setImmediate();
      transport.update(id, { payload: { kw: id } });
    }
    // What is said of one more comes after all that is to be said of the others.
    transport.put(dispatchRecord({ id: 500, startTimeMs: Date.now() + 20 }));
    while ((await recorder.next('running.started')).dispatch.id !== 500);

    const started = recorder.all.flatMap(said => (said.type === 'running.started' ? said.dispatch.id : []));
    expect(started.sort((a, b) => a - b)).toEqual(Array.from({ length: 501 }, (_, id) => id));
    const types = recorder.all.map(({ type }) => type);
    expect(types.filter(type => type === 'lifecycle.updated')).toHaveLength(500);
    expect(types).not.toContain('running.stopped');
    expect(types).not.toContain('run.missed');
  });
});
