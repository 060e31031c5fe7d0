import { expect, it } from 'vitest';
import { failManagedActors } from './managedActors.js';
import { newSeed } from './random.js';

const seed = newSeed();

it(`managed actors that fail are started again in time, and no other is concerned (seed ${seed})`, async () => {
  const report = await failManagedActors({ faults: 500, seed });
  expect(report.faults).toBeGreaterThanOrEqual(500);
});
