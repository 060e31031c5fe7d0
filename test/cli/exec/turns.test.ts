import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { turns } from '../../../src/cli/exec/turns.js';
import { type CategorySelector, type Selector, selectorClaims, selectorsOverlap } from '../../../src/model/selector.js';

const category = fc.constantFrom<CategorySelector>(
  { category: 'BATTERY' },
  { category: 'BATTERY', battery: 'LI_ION' },
  { category: 'BATTERY', battery: 'NA_ION' },
  { category: 'BATTERY', battery: 'UNSPECIFIED' },
  { category: 'UNSPECIFIED', battery: 'LI_ION' },
  { category: 'INVERTER', inverter: 7 },
  { category: 'INVERTER' },
  { category: 'UNSPECIFIED' },
  { category: 99 },
);
const selector: fc.Arbitrary<Selector> = fc.oneof(
  fc.record({ ids: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }) }),
  fc.record({ categories: fc.array(category, { maxLength: 3 }) }),
);

/** Each selector is a job that is added; each number ends one of the jobs whose turn it is. */
const steps = fc.array(fc.oneof({ weight: 3, arbitrary: selector }, { weight: 2, arbitrary: fc.nat() }), {
  maxLength: 40,
  size: 'max',
});

interface Job {
  readonly number: number;
  readonly selector: Selector;
}

test.prop([steps], { numRuns: 1_000 })(
  'a job waits for each earlier one that overlaps it and has not ended, and for no other',
  steps => {
    const order = turns<Job>();
    const unfinished: Job[] = [];
    const ready: Job[] = [];
    const waits = (job: Job) =>
      unfinished.some(({ number, selector }) => number < job.number && selectorsOverlap(selector, job.selector));
    steps.forEach((step, number) => {
      if (typeof step !== 'number') {
        const job = { number, selector: step };
        unfinished.push(job);
        if (order.add(job, selectorClaims(step))) ready.push(job);
      } else if (ready.length > 0) {
        const [ended] = ready.splice(step % ready.length, 1) as [Job];
        unfinished.splice(unfinished.indexOf(ended), 1);
        const next = order.end(ended);
        expect(next.map(({ number }) => number)).toEqual(next.map(({ number }) => number).sort((a, b) => a - b));
        ready.push(...next);
      }
      expect(new Set(ready)).toEqual(new Set(unfinished.filter(job => !waits(job))));
      for (const job of unfinished) expect(order.isWaiting(job)).toBe(waits(job));
    });
  },
);
