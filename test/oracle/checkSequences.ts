import fc from 'fast-check';
import { playSequence } from './playSequence.js';
import { sequenceArbitrary } from './sequences.js';

/**
 * Plays random sequences, which a seed decides, against a real dispatcher and the oracle.
 *
 * @throws Error with the shortest sequence in which they disagree.
 */
export async function checkSequences({ seed, sequences }: { seed: number; sequences: number }): Promise<void> {
  const { random } = Math;
  // When a connection is lost, a dispatcher waits for a random time; here for none.
  Math.random = () => 0;
  try {
    await fc.assert(fc.asyncProperty(sequenceArbitrary, playSequence), { seed, numRuns: sequences });
  } finally {
    Math.random = random;
  }
}
