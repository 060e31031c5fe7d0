import { expect, it } from 'vitest';
import { sqlitePlace } from '../support/stores.js';
import { disturbDispatchers } from './dispatchers/disturbDispatchers.js';
import { ownService } from './dispatchers/ownService.js';
import { newSeed } from './random.js';

const seed = newSeed();

/** Shorter than in `npm run faults`. */
const times = {
  calmMs: [100, 200],
  outageMs: [50, 500],
  longAnswerMs: [700, 1_000],
  stallMs: 800,
  delayMs: [20, 100],
  keepAliveMs: 400,
} as const;

it(`dispatchers whose connections fail lose nothing and say nothing twice (seed ${seed})`, async () => {
  await using place = sqlitePlace();
  await using peer = await ownService(place.database);
  const report = await disturbDispatchers(peer, { faults: 200, lanes: 67, seed, times });
  expect(report).toMatchObject({ faults: 200, lost: 0, doubled: 0 });
});
