import { parseArgs } from 'node:util';
import { newSeed } from '../../faults/random.js';
import { compareDay } from './compareDay.js';
import { dayScript } from './dayScript.js';
import { playDay } from './playDay.js';

// A day beside Python: plays a scripted day to our dispatcher and to the Python one, and prints a line of JSON for each strategy.
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seconds: { type: 'string' },
    changes: { type: 'string' },
    dispatches: { type: 'string' },
  },
});
const seed = Number(values.seed ?? newSeed());
const seconds = Number(values.seconds ?? 200);
const size = {
  seconds,
  dispatches: Number(values.dispatches ?? 200),
  changes: Number(values.changes ?? 2_000),
  outages: 3,
};
console.log(JSON.stringify({ day: 'script', seed, ...size }));
const comparisons = compareDay(await playDay(dayScript(seed, size)));
for (const comparison of comparisons) console.log(JSON.stringify(comparison));
process.exitCode = comparisons.some(({ causes }) => causes.unexplained > 0) ? 1 : 0;
