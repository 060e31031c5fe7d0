import { expect, it } from 'vitest';
import { initialContext } from '../../../src/console/machine/consoleContext.js';
import { barPlaceText, timesText } from '../../../src/console/timeline/barText.js';
import { dispatchRecord, hourMs, minuteMs, monday10Ms } from '../../support/dispatchRecord.js';

const context = initialContext({ input: { nowMs: monday10Ms, zone: 'UTC' } });

it('tells the times of the part that has the state, and those of its run', () => {
  const record = dispatchRecord({ id: 7, durationMs: hourMs });
  const run = { record, startMs: monday10Ms - hourMs, endMs: monday10Ms + minuteMs, isMerged: false };
  expect(timesText({ ...run, endMs: Number.POSITIVE_INFINITY }, 'UTC')).toBe(
    'from 2026-03-02 09:00:00 UTC, without end',
  );
  const textOf = (endMs: number) => {
    const segment = { run, startMs: run.startMs, endMs, isCovered: false };
    const bar = { x: 0, width: 9, style: 'past', segment, isCut: false } as const;
    const lane = { key: 'CHARGE', rank: 0, title: 'CHARGE', segments: [segment], overlaps: [] };
    return barPlaceText({ lane, bar, x: 0, width: 9, y: 0 }, context);
  };
  expect(textOf(monday10Ms - minuteMs)).toBe(
    'CHARGE: dispatch 7 CHARGE, past, from 2026-03-02 09:00:00 to 2026-03-02 09:59:00 UTC, ' +
      'of the run from 2026-03-02 09:00:00 to 2026-03-02 10:01:00 UTC',
  );
  expect(textOf(run.endMs)).toBe(
    'CHARGE: dispatch 7 CHARGE, past, from 2026-03-02 09:00:00 to 2026-03-02 10:01:00 UTC',
  );
});
