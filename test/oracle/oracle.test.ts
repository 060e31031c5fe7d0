import { it } from 'vitest';
import { checkSequences } from './checkSequences.js';

/** Another one each time. What a failing run prints is found again with `ORACLE_SEED`. */
const seed = Number(process.env.ORACLE_SEED ?? Date.now() % 2 ** 31);
/** `npm run faults` plays many more. */
const sequences = Number(process.env.ORACLE_SEQUENCES ?? 400);

it(`a dispatcher says what the oracle says (ORACLE_SEED=${seed} ORACLE_SEQUENCES=${sequences})`, async () => {
  await checkSequences({ seed, sequences });
});
