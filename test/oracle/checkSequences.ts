import fc from 'fast-check';
import { playSequence } from './playSequence.js';
import { type Sequence, sequenceArbitrary } from './sequences.js';

/**
 * Plays random sequences, which a seed decides, against a real dispatcher and the oracle. Returns what both said, line by line.
 *
 * @throws Error with the shortest sequence in which they disagree.
 */
export async function checkSequences({ seed, sequences }: { seed: number; sequences: number }): Promise<string[]> {
  const said: string[] = [];
  const play = async (sequence: Sequence) => {
    said.push(...(await playSequence(sequence)));
  };
  const { random } = Math;
  // When a connection is lost, a dispatcher waits for a random time; here for none.
  Math.random = () => 0;
  try {
    await fc.assert(fc.asyncProperty(sequenceArbitrary, play), { seed, numRuns: sequences });
    return said;
  } finally {
    Math.random = random;
  }
}
