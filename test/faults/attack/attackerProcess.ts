/** The process of an attacker: makes the attack that it is told, until it is told to end it. Ends with its parent. */
import { setMaxListeners } from 'node:events';
import { cpuMs } from '../../bench/figures.js';
import { randomNumbers } from '../random.js';
import { ATTACKS } from './attacks.js';

const [name = '', port, seed] = process.argv.slice(2);
const attack = ATTACKS[name];
if (!attack) throw new Error(`there is no attack '${name}'`);
const over = new AbortController();
setMaxListeners(0, over.signal);
const outcomes: Record<string, number> = {};
const startMs = performance.now();
const startCpuMs = cpuMs();
process.once('message', () => over.abort());
process.on('disconnect', () => process.exit());
// What is not read any more when it is over fails as it likes.
process.on('uncaughtException', error => {
  if (!over.signal.aborted) throw error;
});
const attacking = attack({
  port: Number(port),
  random: randomNumbers(Number(seed)),
  signal: over.signal,
  count(outcome) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  },
});
process.send?.('attacking');
over.signal.addEventListener('abort', () => {
  const cpuShare = (cpuMs() - startCpuMs) / (performance.now() - startMs);
  process.send?.({ cpuShare, outcomes });
});
await attacking;
