import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { positiveInteger } from '../bench/figures.js';
import { compiledFolder } from '../support/compiled.js';
import { missingPostgres, startPostgres } from '../support/postgres.js';
import { type Counts, type Fault, faultList } from './faultList.js';
import { playPieces } from './playPieces.js';
import { newSeed } from './random.js';

interface Options {
  readonly full: boolean;
  readonly restart: boolean;
  readonly minutes: number;
  readonly only: string;
  readonly amount?: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Says that pieces are left: temporary failure, as sysexits.h has it. */
const EXIT_LEFT = 75;
const options = new Command('faults')
  .description(
    'let faults happen to services and dispatchers, and compare what is left with what was promised; one line a fault. ' +
      'Plays a tenth of a full run',
  )
  .option(
    '--full',
    'play a full run, in pieces: 1,000 kills of each kind of service, 120,000 malformed requests, 50,000 sequences, 2,000 faults ' +
      'of the connections of dispatchers. ' +
      `Goes on where the last one ended, with its seed; exits with ${EXIT_LEFT} while pieces are left`,
    false,
  )
  .option(
    '--minutes <n>',
    'end a part of a full run in time, when the next piece would take longer',
    positiveInteger,
    10,
  )
  .option('--restart', 'begin the full run anew', false)
  .option('--only <text>', 'only the faults whose name holds a text', '')
  .addOption(
    new Option(
      '--amount <n>',
      'how many kills, writes, requests, changes, sequences, faults of connections or seconds of an attack, in place of a tenth',
    )
      .argParser(positiveInteger)
      .conflicts('full'),
  )
  .option('--seed <n>', 'decides what is written, and when faults happen', positiveInteger, newSeed())
  .option('--json', 'one JSON object a line', false)
  .parse()
  .opts<Options>();

/** A run of some faults only is one of its own. */
const stateFile = join(compiledFolder, `faults-full-${encodeURIComponent(options.only)}.json`);

const problem = missingPostgres();
if (problem !== null) throw new Error(problem);
// Services and the server are ended at the end of this process, however it comes.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await using postgres = await startPostgres();
const faults = faultList(postgres).filter(({ name, onlyNamed = false, missing = null }) => {
  if (!name.includes(options.only)) return false;
  if (onlyNamed && options.only === '') return false;
  if (missing !== null && process.env.CI) throw new Error(`${name}: ${missing}`);
  if (missing !== null) console.error(`left out: ${name} (${missing})`);
  return missing === null;
});
if (options.full) await playFull();
else {
  await Promise.all(faults.filter(({ mostlyWaits }) => mostlyWaits).map(playTenth));
  for (const fault of faults.filter(({ mostlyWaits = false }) => !mostlyWaits)) await playTenth(fault);
}

async function playTenth(fault: Fault): Promise<void> {
  try {
    await play(fault.name, fault, options.amount ?? Math.ceil(fault.full / 10), options.seed);
  } catch {
    process.exitCode = 1;
  }
}

async function playFull(): Promise<void> {
  if (options.restart) rmSync(stateFile, { force: true });
  const pieces = faults.flatMap(fault =>
    Array.from({ length: fault.pieces }, (_, index) => {
      const name = `${fault.name}, ${index + 1} of ${fault.pieces}`;
      return { name, play: (seed: number) => play(name, fault, Math.ceil(fault.full / fault.pieces), seed + index) };
    }),
  );
  const { seed, done, left, failed } = await playPieces({
    pieces,
    stateFile,
    version: versionOfPrograms(),
    seed: options.seed,
    budgetMs: options.minutes * 60_000,
    nowMs: () => performance.now(),
  });
  console.log(
    `${done} of ${pieces.length} pieces are done, with seed ${seed}${left > 0 ? '; run this again to go on' : ''}`,
  );
  if (failed.length > 0) process.exitCode = 1;
  else if (left > 0) process.exitCode = EXIT_LEFT;
}

/** Plays a fault, and tells in one line what came of it, in further lines what came of each kind. */
async function play(name: string, fault: Fault, amount: number, seed: number): Promise<void> {
  try {
    const counts = { seed, ...(await fault.play(amount, seed, options.full)) };
    if (options.json) return console.log(JSON.stringify({ fault: name, ok: true, ...counts }));
    const [line, kinds] = inWords(counts);
    console.log([`ok      ${name}: ${line}`, ...kinds].join('\n        '));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (options.json) console.log(JSON.stringify({ fault: name, ok: false, seed, amount, message }));
    else console.log(`FAILED  ${name}: seed=${seed} amount=${amount} ${message}`);
    throw error;
  }
}

function inWords(counts: Counts): [line: string, kinds: string[]] {
  const words = (record: object) =>
    Object.entries(record)
      .filter(([, count]) => typeof count === 'number')
      .map(([what, count]) => `${what}=${count}`)
      .join(' ');
  const kinds = Object.values(counts).flatMap(count => (typeof count === 'number' ? [] : Object.entries(count)));
  return [words(counts), kinds.map(([kind, figures]) => `${kind}: ${words(figures)}`)];
}

/** A hash of the compiled modules, of the package and of the faults. */
function versionOfPrograms(): string {
  const hash = createHash('sha256');
  for (const folder of ['machines', 'proto', 'src', 'test/faults', 'test/interop', 'test/oracle', 'test/support']) {
    const files = readdirSync(join(compiledFolder, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter(name => name.endsWith('.js')).sort()) {
      hash.update(file).update(readFileSync(join(compiledFolder, folder, file)));
    }
  }
  return hash.digest('hex');
}
