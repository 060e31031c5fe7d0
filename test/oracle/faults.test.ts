import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { faults } from './faults.js';
import { Disagreement, playSequence } from './playSequence.js';
import { type Sequence, sequenceArbitrary } from './sequences.js';

describe('the oracle', () => {
  beforeAll(() => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });

  it.each(Object.entries(faults))('notices that %s', { timeout: 120_000 }, async (_, fault) => {
    const undo = fault();
    try {
      const play = async (sequence: Sequence) => void (await playSequence(sequence));
      const parameters = { seed: 1, numRuns: 3_000, endOnFailure: true } as const;
      const found = await fc.check(fc.asyncProperty(sequenceArbitrary, play), parameters);
      expect(found.errorInstance).toBeInstanceOf(Disagreement);
    } finally {
      undo();
    }
  });
});
