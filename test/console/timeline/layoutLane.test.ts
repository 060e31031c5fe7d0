import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { columnsOf, layoutLane, type Present, styleOf } from '../../../src/console/timeline/layoutLane.js';
import { buildPicture, type Picture } from '../../../src/console/timeline/picture.js';
import type { Segment } from '../../../src/console/timeline/segment.js';
import type { PictureRequest } from '../../../src/console/timeline/segmentsOf.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { dispatchArbitrary } from '../../../src/testing/dispatchArbitrary.js';
import { dayMs, dispatchRecord, hourMs, monday10Ms } from '../../support/dispatchRecord.js';

const present: Present = {
  nowMs: monday10Ms,
  presentMs: monday10Ms,
  witnessedFromMs: monday10Ms - hourMs,
  missed: new Map(),
};

/** The picture of dispatches from a Monday 10:00 on for a day. */
function pictureOf(records: readonly DispatchRecord[], overrides: Partial<PictureRequest> = {}): Picture {
  const steps = buildPicture({
    versions: records.map(record => ({ record, fromMs: -Infinity, toMs: Infinity })),
    fromMs: monday10Ms,
    toMs: monday10Ms + dayMs,
    resolutionMs: 1_000,
    lanes: 'type',
    merge: 'type-and-selector',
    filter: '',
    showsDryRuns: true,
    showsInactive: true,
    ...overrides,
  });
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

const manyDispatches = fc
  .array(dispatchArbitrary(), { minLength: 1, maxLength: 12 })
  .map(records => records.map((record, index) => ({ ...record, id: index + 1, type: index % 2 ? 'A' : 'B' })));

describe('the layout of a lane', () => {
  property.prop(
    [manyDispatches, fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 1_000_000_000 }), fc.integer()],
    { numRuns: 60 },
  )(
    'has at most one rectangle of its kind in each column, and loses nothing that is in view',
    (records, columns, msPerColumn, shift) => {
      const fromMs = (records[0]?.startTimeMs ?? 0) + (shift % (2 * columns)) * msPerColumn;
      const scale = { fromMs, msPerColumn, columns };
      const picture = pictureOf(records, { fromMs, toMs: fromMs + columns * msPerColumn, resolutionMs: msPerColumn });
      for (const lane of picture.lanes) {
        const bars = layoutLane(lane, scale, { ...present, nowMs: fromMs });
        const [inForce, covered] = [new Set<number>(), new Set<number>()];
        for (const { x, width, segment } of bars) {
          expect(width).toBeGreaterThan(0);
          const own = segment.isCovered ? covered : inForce;
          for (let column = x; column < x + width; column += 1) {
            expect(own.has(column)).toBe(false);
            own.add(column);
          }
        }
        const taken = new Set([...inForce, ...covered]);
        expect(Math.max(-1, ...taken)).toBeLessThan(columns);
        const wanted = new Set<number>();
        for (const segment of lane.segments) {
          const [first, end] = columnsOf(segment, scale) ?? [0, 0];
          for (let column = first; column < end; column += 1) wanted.add(column);
        }
        expect(taken).toEqual(wanted);
      }
    },
  );

  it('makes a short run wide enough to be seen, where there is room, and takes no column of another', () => {
    const shortRun = (id: number, startTimeMs: number) => dispatchRecord({ id, startTimeMs, durationMs: 30_000 });
    const records = [
      shortRun(1, monday10Ms),
      shortRun(2, monday10Ms + 10 * hourMs),
      shortRun(3, monday10Ms + 12 * hourMs),
      shortRun(4, monday10Ms + 23 * hourMs),
    ];
    const [lane] = pictureOf(records).lanes;
    const scale = { fromMs: monday10Ms, msPerColumn: hourMs, columns: 24, minColumns: 5 };
    const bars = layoutLane(lane ?? { segments: [] }, scale, present);
    expect(bars.map(({ x, width }) => [x, width])).toEqual([
      [0, 5],
      [10, 2],
      [12, 5],
      [23, 1],
    ]);
  });

  it('shows what is in force before what is inactive or a dry run, and what is covered beside it', () => {
    const records = [
      dispatchRecord({ id: 1, durationMs: 4 * hourMs }),
      dispatchRecord({ id: 2, startTimeMs: monday10Ms + hourMs, durationMs: hourMs }),
      dispatchRecord({ id: 3, durationMs: 4 * hourMs, dryRun: true }),
      dispatchRecord({ id: 4, durationMs: 6 * hourMs, active: false }),
    ];
    const [lane] = pictureOf(records).lanes;
    const bars = layoutLane(lane ?? { segments: [] }, { fromMs: monday10Ms, msPerColumn: hourMs, columns: 8 }, present);
    expect(bars.map(({ x, width, style, segment }) => [x, width, style, segment.run.record.id])).toEqual([
      [0, 1, 'running', 1],
      [1, 1, 'planned', 2],
      [2, 2, 'planned', 1],
      [4, 2, 'inactive', 4],
      [1, 1, 'covered', 1],
    ]);
  });

  it('shows a missed run where others are', () => {
    const records = [
      dispatchRecord({ id: 1, durationMs: 1_000 }),
      dispatchRecord({ id: 2, durationMs: hourMs, selector: { ids: [9] } }),
    ];
    const [lane] = pictureOf(records).lanes;
    const missed = new Map([[1, [{ startMs: monday10Ms, endMs: monday10Ms }]]]);
    const [bar] = layoutLane(
      lane ?? { segments: [] },
      { fromMs: monday10Ms, msPerColumn: hourMs, columns: 1 },
      { ...present, missed },
    );
    expect(bar?.style).toBe('missed');
  });
});

describe('the style of a part of a run', () => {
  const segment = (overrides: Partial<DispatchRecord>, startMs: number, endMs: number, isCovered = false): Segment => ({
    run: { record: dispatchRecord(overrides), startMs, endMs, isMerged: false },
    startMs,
    endMs,
    isCovered,
  });
  const before = monday10Ms - 2 * hourMs;
  const after = monday10Ms + hourMs;
  it.each([
    ['running', segment({}, before, after)],
    ['dryRunning', segment({ dryRun: true }, before, after)],
    ['planned', segment({}, after, after + 1)],
    ['dry', segment({ dryRun: true }, after, after + 1)],
    ['done', segment({}, before, monday10Ms - 1)],
    ['past', segment({}, before, monday10Ms - hourMs)],
    ['covered', segment({}, before, after, true)],
    ['inactive', segment({ active: false }, before, after)],
  ])('is %s', (style, of) => {
    expect(styleOf(of, present)).toBe(style);
  });

  it('is not delivered when it is simulated only', () => {
    expect(styleOf(segment({}, after, after + 1), { ...present, nowMs: after + hourMs })).toBe('past');
  });
});

describe('a picture', () => {
  it('has a lane for each component of a dispatch', () => {
    const records = [
      dispatchRecord({ id: 1, selector: { ids: [11, 2] } }),
      dispatchRecord({ id: 2, selector: { categories: [{ category: 'BATTERY' }] } }),
    ];
    expect(pictureOf(records, { lanes: 'component' }).lanes.map(({ title }) => title)).toEqual([
      'component 2',
      'component 11',
      'BATTERY',
    ]);
  });

  it('orders lanes by the numbers in their names, and escapes what turns the direction of text', () => {
    const records = ['T10', 'T2', 'T\u202e1'].map((type, index) => dispatchRecord({ id: index + 1, type }));
    expect(pictureOf(records).lanes.map(({ title }) => title)).toEqual(['T\\u202e1', 'T2', 'T10']);
    expect(pictureOf(records, { lanes: 'dispatch' }).lanes[2]?.title).toBe('3 T\\u202e1');
  });

  it('marks when dispatches run that may mean the same component', () => {
    const records = [
      dispatchRecord({ id: 1, durationMs: 2 * hourMs, selector: { ids: [5, 6] } }),
      dispatchRecord({
        id: 2,
        type: 'OTHER',
        startTimeMs: monday10Ms + hourMs,
        durationMs: 2 * hourMs,
        selector: { ids: [6] },
      }),
      dispatchRecord({ id: 3, type: 'FAR', selector: { ids: [7] }, durationMs: dayMs }),
    ];
    const overlap = [{ startMs: monday10Ms + hourMs, endMs: monday10Ms + 2 * hourMs }];
    expect(pictureOf(records).lanes.map(({ title, overlaps }) => [title, overlaps])).toEqual([
      ['CHARGE', overlap],
      ['FAR', []],
      ['OTHER', overlap],
    ]);
  });

  it('leaves out what does not match the filter, and tells why a dispatch cannot be evaluated', () => {
    const invalid = dispatchRecord({ id: 3, recurrence: { frequency: 'DAILY', interval: 0 } });
    const records = [dispatchRecord({ id: 1 }), dispatchRecord({ id: 12, type: 'OTHER' }), invalid];
    expect(pictureOf(records, { filter: '#1' }).lanes.map(({ title }) => title)).toEqual(['CHARGE']);
    expect(pictureOf(records, { filter: 'oth' }).lanes.map(({ title }) => title)).toEqual(['OTHER']);
    expect([...pictureOf(records).problems.keys()]).toEqual([3]);
  });

  it('has the runs of each version while it held, and one that a change does not end as one', () => {
    const first = dispatchRecord({ id: 1, durationMs: 4 * hourMs });
    const changedMs = monday10Ms + hourMs;
    const segmentsOf = (second: DispatchRecord) =>
      pictureOf([], {
        versions: [
          { record: first, fromMs: -Infinity, toMs: changedMs },
          { record: second, fromMs: changedMs, toMs: Infinity },
        ],
      }).lanes[0]?.segments.map(({ startMs, endMs, run }) => [run.record === first, startMs, endMs]);
    expect(segmentsOf({ ...first, durationMs: 2 * hourMs, active: false })).toEqual([
      [true, monday10Ms, changedMs],
      [false, changedMs, monday10Ms + 2 * hourMs],
    ]);
    expect(segmentsOf({ ...first, durationMs: 2 * hourMs })).toEqual([[false, monday10Ms, monday10Ms + 2 * hourMs]]);
  });
});
