import { expect } from 'vitest';
import { disturbDispatchers } from './disturbDispatchers.js';
import type { Peer } from './peer.js';

/** Shorter than in `npm run faults`, which also tells how soon dispatchers have the truth again. */
const times = {
  calmMs: [100, 200],
  outageMs: [50, 500],
  longAnswerMs: [700, 1_000],
  stallMs: 1_800,
  delayMs: [20, 100],
  // A test process that is busy answers late itself.
  keepAliveMs: 1_000,
} as const;

/** Lets some faults happen to the dispatchers of a service, which must lose nothing and say nothing twice. */
export async function disturbBriefly(
  newPeer: Promise<Peer>,
  plan: { readonly faults: number; readonly lanes: number; readonly seed: number },
): Promise<void> {
  await using peer = await newPeer;
  const report = await disturbDispatchers(peer, { ...plan, times });
  expect(report).toMatchObject({ faults: plan.faults, lost: 0, doubled: 0 });
}
