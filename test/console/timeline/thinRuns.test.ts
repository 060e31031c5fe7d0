import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { thinRuns } from '../../../src/console/timeline/thinRuns.js';
import { runsBetween } from '../../../src/model/schedule.js';
import { dispatchArbitrary } from '../../../src/testing/dispatchArbitrary.js';
import { daily, dayMs, dispatchRecord, hourMs, minuteMs, monday10Ms } from '../../support/dispatchRecord.js';

describe('the runs of a picture', () => {
  it('are each run where they are further from each other than the resolution', () => {
    const record = dispatchRecord({ recurrence: daily(), durationMs: hourMs });
    const runs = [...thinRuns(record, monday10Ms + 30 * minuteMs, monday10Ms + 2 * dayMs, minuteMs)];
    expect(runs).toEqual([
      { startMs: monday10Ms, endMs: monday10Ms + hourMs, isMerged: false },
      { startMs: monday10Ms + dayMs, endMs: monday10Ms + dayMs + hourMs, isMerged: false },
    ]);
  });

  it('are one for all that begin in a slot, and cost no more', () => {
    const record = dispatchRecord({ recurrence: { frequency: 'MINUTELY', interval: 1 }, durationMs: 30_000 });
    const runs = [...thinRuns(record, monday10Ms, monday10Ms + 365 * dayMs, dayMs)];
    expect(runs.length).toBeLessThanOrEqual(366);
    expect(runs.every(({ isMerged }) => isMerged)).toBe(true);
  });

  it('end where the next run of the dispatch begins', () => {
    const record = dispatchRecord({ recurrence: { frequency: 'HOURLY', interval: 1 }, durationMs: 2 * hourMs });
    const [first] = thinRuns(record, monday10Ms, monday10Ms + dayMs, 1);
    expect(first?.endMs).toBe(monday10Ms + hourMs);
  });

  it('are those of an inactive dispatch, too', () => {
    expect([...thinRuns(dispatchRecord({ active: false }), monday10Ms, monday10Ms + 1, 1)]).toHaveLength(1);
  });

  property.prop(
    [
      dispatchArbitrary({ active: fc.constant(true) }),
      fc.integer({ min: 0, max: 26 }),
      fc.integer({ min: -50, max: 400 }),
    ],
    {
      numRuns: 150,
    },
  )('cover each run that the model has, in order and without overlaps', (record, exponent, offset) => {
    const resolutionMs = 2 ** exponent;
    const fromMs = record.startTimeMs + offset * 2 ** Math.max(exponent, 20);
    const toMs = fromMs + 200 * resolutionMs;
    const thin = [...thinRuns(record, fromMs, toMs, resolutionMs)];
    const runs = [];
    for (const run of runsBetween(record, fromMs, toMs)) {
      runs.push(run);
      if (runs.length > 2_000) break;
    }
    for (const { startMs, endMs } of runs) {
      const found = thin.find(one => one.startMs <= startMs && startMs <= one.endMs);
      expect(found, `a run at ${startMs}`).toBeDefined();
      // Where the next run begins earlier, the rest is in that one, which may begin after the time that is asked for.
      const wantedMs = Math.min(endMs ?? Number.POSITIVE_INFINITY, toMs);
      const covered = thin.filter(one => one.startMs <= wantedMs && one.endMs >= startMs);
      expect(Math.max(...covered.map(one => one.endMs))).toBeGreaterThanOrEqual(wantedMs);
    }
    for (const [index, one] of thin.entries()) {
      const next = thin[index + 1];
      if (next !== undefined) expect(next.startMs).toBeGreaterThanOrEqual(one.endMs);
    }
  });
});
