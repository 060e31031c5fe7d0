import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { buildPicture, dispatchesIn } from '../../../src/console/timeline/picture.js';
import { runRows } from '../../../src/console/timeline/runRows.js';
import type { Segment } from '../../../src/console/timeline/segment.js';
import type { PictureRequest } from '../../../src/console/timeline/segmentsOf.js';
import { initialView } from '../../../src/console/view/viewState.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { dispatchArbitrary } from '../../../src/testing/dispatchArbitrary.js';
import { daily, dayMs, dispatchRecord, hourMs, monday10Ms } from '../../support/dispatchRecord.js';
import { doneSteps } from '../../support/doneSteps.js';

const yearMs = 365 * dayMs;

function requestFor(records: readonly DispatchRecord[], toMs: number): PictureRequest {
  const versions = records.map(record => ({
    record,
    fromMs: Number.NEGATIVE_INFINITY,
    toMs: Number.POSITIVE_INFINITY,
  }));
  return { ...initialView(monday10Ms, 'UTC'), versions, fromMs: monday10Ms, toMs, resolutionMs: 1 };
}

/** All rows of a time, of a picture of all of it. */
function allRows(request: PictureRequest): Segment[] {
  const { fromMs, toMs } = request;
  return doneSteps(buildPicture({ ...request, lanes: 'dispatch' }))
    .result.lanes.flatMap(({ segments }) => segments)
    .filter(({ startMs, endMs }) => startMs < toMs && (endMs > fromMs || startMs >= fromMs))
    .sort((a, b) => a.startMs - b.startMs || a.run.record.id - b.run.record.id);
}

describe('the rows of a table', () => {
  property.prop([
    fc.array(
      dispatchArbitrary({
        startTimeMs: fc.integer({ min: -30 * 24, max: 60 * 24 }).map(hours => monday10Ms + hours * hourMs),
        durationMs: fc.option(fc.nat(72).map(hours => hours * hourMs)),
      }),
      { maxLength: 6 },
    ),
    fc.integer({ min: 1, max: 40 }),
    fc.constantFrom(hourMs, dayMs, 40 * dayMs),
  ])('are the first of all rows, with the ends that all runs give them', (found, limit, spanMs) => {
    const records = found.map((record, index) => ({ ...record, id: index + 1, type: index % 2 === 0 ? 'A' : 'B' }));
    const request = requestFor(records, monday10Ms + spanMs);
    const all = allRows(request);
    expect(doneSteps(runRows(request, limit)).result).toEqual({ rows: all.slice(0, limit), isCut: all.length > limit });
  });

  it('are single runs of a week, each minute', () => {
    const record = dispatchRecord({ durationMs: 20_000, recurrence: daily({ frequency: 'MINUTELY' }) });
    const { rows, isCut } = doneSteps(runRows(requestFor([record], monday10Ms + 7 * dayMs), 100_000)).result;
    expect([rows.length, isCut]).toEqual([7 * 24 * 60, false]);
    expect(rows.every(({ run, startMs, endMs }) => !run.isMerged && endMs === startMs + 20_000)).toBe(true);
  });

  it('end where a run of far later is in force', () => {
    const endless = Array.from({ length: 3 }, (_, index) =>
      dispatchRecord({ id: index + 1, startTimeMs: monday10Ms + index * 1_000, durationMs: null, type: `T${index}` }),
    );
    const later = dispatchRecord({ id: 9, startTimeMs: monday10Ms + 200 * dayMs, durationMs: hourMs, type: 'T0' });
    const { rows, isCut } = doneSteps(runRows(requestFor([...endless, later], monday10Ms + yearMs), 2)).result;
    expect(isCut).toBe(true);
    expect(rows.map(({ run, endMs }) => [run.record.id, endMs])).toEqual([
      [1, later.startTimeMs],
      [2, Number.POSITIVE_INFINITY],
    ]);
  });

  it('cost little of a year with 500 hourly dispatches among 2,000', () => {
    const hourly = daily({ frequency: 'HOURLY' });
    const records = Array.from({ length: 2_000 }, (_, id) =>
      dispatchRecord({ id, type: `T${id % 40}`, durationMs: 600_000, recurrence: id % 4 === 0 ? hourly : null }),
    );
    const request = requestFor(records, monday10Ms + yearMs);
    const { result, yielded } = doneSteps(runRows(request, 300));
    const { rows, isCut } = result;
    expect([rows.length, isCut]).toEqual([300, true]);
    expect(yielded.length).toBeLessThan(1_000);
    expect(doneSteps(dispatchesIn(request)).result).toHaveLength(2_000);
  });
});
