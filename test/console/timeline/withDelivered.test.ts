import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Interval, PicturedRun } from '../../../src/console/timeline/segment.js';
import { withDelivered, withoutTimes } from '../../../src/console/timeline/withDelivered.js';
import type { DeliveredRun } from '../../../src/console/travel/deliveryRecorder.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';

const record = dispatchRecord({ id: 1, active: false });
const runOf = ({ startMs, endMs }: Interval): PicturedRun => ({ record, startMs, endMs, isMerged: false });
const whole = { record, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

/** The times in which a dispatch that is inactive by now was delivered. */
function timesOf(times: readonly Interval[]): readonly Interval[] {
  const delivered = times.map(
    ({ startMs, endMs }): DeliveredRun => ({
      record: { ...record, active: true, startTimeMs: startMs, durationMs: endMs - startMs },
      run: { startMs, endMs },
      startMs,
      endMs,
      isOn: false,
      isBySync: false,
    }),
  );
  return withDelivered([whole], delivered)[0]?.deliveredTimes ?? [];
}

describe('the runs of a dispatch without what was delivered', () => {
  it('cover what they covered, but for the times in which it was delivered, in whatever order those came', () => {
    const interval = fc
      .record({ startMs: fc.nat(40), length: fc.integer({ min: 1, max: 8 }) })
      .map(({ startMs, length }) => ({ startMs, endMs: startMs + length }));
    const within = (all: readonly Interval[], ms: number) =>
      all.filter(({ startMs, endMs }) => startMs <= ms && ms < endMs);
    fc.assert(
      fc.property(fc.array(interval), fc.array(interval), (intervals, times) => {
        const runs = intervals.map(runOf).sort((a, b) => a.startMs - b.startMs);
        const left = withoutTimes(runs, timesOf(times));
        for (let ms = 0; ms < 50; ms += 1) {
          expect(within(left, ms)).toHaveLength(within(times, ms).length > 0 ? 0 : within(runs, ms).length);
        }
        expect(left.every(({ startMs, endMs }) => startMs < endMs)).toBe(true);
      }),
    );
  });

  it('are known at once of a dispatch that ran a hundred thousand times', () => {
    const minutes = Array.from({ length: 100_000 }, (_, n) => ({ startMs: n * 60_000, endMs: n * 60_000 + 20_000 }));
    const longer = minutes.map(({ startMs, endMs }) => runOf({ startMs, endMs: endMs + 10_000 }));
    const left = withoutTimes(longer, timesOf(minutes));
    expect(left).toHaveLength(100_000);
    expect(left.at(-1)).toMatchObject({ startMs: 99_999 * 60_000 + 20_000, endMs: 99_999 * 60_000 + 30_000 });
  });
});
