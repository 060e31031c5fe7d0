import { fc, it as property } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { findConflicts } from '../../../src/console/timeline/conflicts.js';
import type { PicturedRun } from '../../../src/console/timeline/segment.js';
import { splitByForce } from '../../../src/console/timeline/splitByForce.js';
import { type Selector, selectorsOverlap } from '../../../src/model/selector.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';
import { doneSteps } from '../../support/doneSteps.js';

const selectors: readonly Selector[] = [
  { ids: [1] },
  { ids: [1, 2] },
  { ids: [3] },
  { categories: [{ category: 'BATTERY' }] },
  { categories: [{ category: 'BATTERY', battery: 'LI_ION' }] },
  { categories: [{ category: 'BATTERY', battery: 'NA_ION' }] },
  { categories: [{ category: 'INVERTER' }, { category: 'BATTERY', battery: 'LI_ION' }] },
];

const someRuns = fc
  .array(fc.tuple(fc.nat(30), fc.nat(12), fc.constantFrom(...selectors), fc.boolean()), { minLength: 1, maxLength: 8 })
  .map(list =>
    list.map(
      ([startMs, length, selector, dryRun], index): PicturedRun => ({
        record: dispatchRecord({ id: index + 1, selector, dryRun }),
        startMs,
        endMs: startMs + length,
        isMerged: false,
      }),
    ),
  );

/** Runs that are on at an instant. */
const on = (runs: readonly PicturedRun[], atMs: number) =>
  runs.filter(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);

describe('of runs for the same thing', () => {
  property.prop([someRuns])(
    'the one that began last is in force at each instant, of equal ones the higher id',
    runs => {
      const segments = doneSteps(splitByForce(runs)).result;
      for (let atMs = 0; atMs < 50; atMs += 1) {
        const [expected] = on(runs, atMs).sort((a, b) => b.startMs - a.startMs || b.record.id - a.record.id);
        const found = segments.filter(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
        expect(found.filter(({ isCovered }) => !isCovered).map(({ run }) => run)).toEqual(expected ? [expected] : []);
        expect(new Set(found.map(({ run }) => run))).toEqual(new Set(on(runs, atMs)));
      }
      // One without length is there, too.
      expect(new Set(segments.map(({ run }) => run))).toEqual(new Set(runs));
    },
  );
});

describe('overlaps', () => {
  property.prop([someRuns])('are found as by comparing each run with each', runs => {
    const conflicts = findConflicts(runs);
    for (const run of runs) {
      const times = conflicts.within(run);
      for (let atMs = run.startMs; atMs < run.endMs; atMs += 1) {
        const isExpected = on(runs, atMs).some(
          other =>
            other !== run &&
            other.record.dryRun === run.record.dryRun &&
            selectorsOverlap(other.record.selector, run.record.selector),
        );
        expect(
          times.some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs),
          `at ${atMs}`,
        ).toBe(isExpected);
      }
    }
  });
});
