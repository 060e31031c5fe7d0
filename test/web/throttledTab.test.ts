import { describe, expect, it } from 'vitest';
import type { Clock } from '../../machines/protocol/clock.js';
import { silentLogger } from '../../src/logger.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { Dispatcher } from '../../src/web/dispatcher.js';
import { dispatchRecord, minuteMs } from '../support/dispatchRecord.js';
import { at } from '../support/time.js';

/** Of a hidden tab: its timers come at multiples of an interval only. */
function throttled(clock: Clock, everyMs: number): Clock {
  return {
    ...clock,
    setTimer: (callback, delayMs) => {
      const dueMs = Math.ceil((clock.monotonicMs() + delayMs) / everyMs) * everyMs;
      return clock.setTimer(callback, dueMs - clock.monotonicMs());
    },
  };
}

/** A dispatcher in a tab that is hidden at 9:00: dispatch i starts at 9:i:30. */
async function hiddenTab(everyMs: number, durationsMs: readonly number[]) {
  const clock = simulatedClock(at('09:00'));
  const records = durationsMs.map((durationMs, i) =>
    dispatchRecord({ id: i + 1, startTimeMs: at('09:00') + (i + 0.5) * minuteMs, durationMs }),
  );
  const dispatcher = new Dispatcher({
    microgridId: 1,
    transport: memoryTransport(records),
    clock: throttled(clock, everyMs),
    logger: silentLogger,
  });
  const said: string[] = [];
  const lateMs: number[] = [];
  dispatcher.on('running', ({ id, change }) => {
    said.push(`${id} ${change?.kind}`);
    lateMs.push(change?.lateMs ?? 0);
  });
  dispatcher.on('missed', ({ dispatch }) => said.push(`${dispatch.id} missed`));
  await dispatcher.start();
  await clock.advanceBy(everyMs);
  await dispatcher.ready();
  return { clock, dispatcher, said, lateMs, [Symbol.asyncDispose]: () => dispatcher.stop() };
}

describe('a dispatcher in a hidden tab', () => {
  it.each([1_000, minuteMs])(
    'is late by at most its timers, which come every %i ms, and misses nothing that lasts longer',
    async everyMs => {
      await using tab = await hiddenTab(everyMs, Array(20).fill(2 * minuteMs));
      await tab.clock.advanceTo(at('09:30'));
      expect(tab.said.filter(line => line.endsWith('started'))).toHaveLength(20);
      expect(tab.said.filter(line => line.endsWith('stopped'))).toHaveLength(20);
      expect(tab.said.filter(line => line.endsWith('missed'))).toEqual([]);
      expect(new Set(tab.said).size).toBe(40);
      expect(Math.max(...tab.lateMs)).toBeLessThanOrEqual(everyMs);
    },
  );

  it('counts the runs that pass whole between two timers as missed', async () => {
    await using tab = await hiddenTab(minuteMs, [10_000, 2 * minuteMs]);
    await tab.clock.advanceTo(at('09:10'));
    expect(tab.said).toEqual(['1 missed', '2 started', '2 stopped']);
  });

  it('hears what runs, and what it missed, when it goes on after it was frozen', async () => {
    await using tab = await hiddenTab(1_000, [minuteMs, 60 * minuteMs]);
    tab.clock.stall(30 * minuteMs);
    await tab.clock.advanceBy(2_000);
    expect(tab.said).toEqual(['1 missed', '2 started']);
    expect(tab.lateMs[0]).toBeGreaterThan(28 * minuteMs);
  });
});
