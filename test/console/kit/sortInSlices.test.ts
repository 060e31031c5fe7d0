import { fc, it } from '@fast-check/vitest';
import { expect } from 'vitest';
import { sortInSlices } from '../../../src/console/kit/sortInSlices.js';
import { doneSteps } from '../../support/doneSteps.js';

it.prop([fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 1, max: 300 })])(
  'sorts as the list itself does, with equal entries in their order, in slices',
  (length, keys) => {
    const list = Array.from({ length }, (_, index) => ({ key: (index * 7_919) % keys, index }));
    const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;
    const { result, yielded } = doneSteps(sortInSlices(list, compare));
    expect(result).toEqual([...list].sort(compare));
    expect(yielded.length).toBeGreaterThanOrEqual(Math.floor((length - 1) / 1_024));
  },
);
