import fc from 'fast-check';
import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { playSequence } from './playSequence.js';
import { sequenceArbitrary } from './sequences.js';

/** Another one each time. What a failing run prints is found again with `ORACLE_SEED`. */
const seed = Number(process.env.ORACLE_SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.ORACLE_SEQUENCES ?? 10_000);

describe('a dispatcher', () => {
  beforeAll(() => {
    // When a connection is lost it waits for a random while, here for none.
    vi.spyOn(Math, 'random').mockReturnValue(0);
  });

  afterAll(() => {
    vi.restoreAllMocks();
  });

  it('says what the oracle says, in any sequence of what can happen to it', { timeout: 600_000 }, async () => {
    console.log(`ORACLE_SEED=${seed} ORACLE_SEQUENCES=${numRuns}`);
    await fc.assert(fc.asyncProperty(sequenceArbitrary, playSequence), { seed, numRuns });
  });
});
