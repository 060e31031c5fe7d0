import { Command } from 'commander';
import { positiveInteger } from '../bench/figures.js';
import { missingPostgres, startPostgres } from '../support/postgres.js';
import { postgresPlace, type StorePlace, sqlitePlace } from '../support/stores.js';
import { ignoreChanges } from './deafPeer.js';
import { killService } from './killedService.js';
import { sendMalformed } from './malformedRequests.js';
import { newSeed } from './random.js';
import { shareDatabase } from './sharedDatabase.js';

interface Options {
  readonly full: boolean;
  readonly only?: string;
  readonly seed: number;
}

/** What a fault is made of, and what came of it. */
type Counts = Readonly<Record<string, number>>;

const {
  full,
  only = '',
  seed,
} = new Command('faults')
  .description('let faults happen to services, and compare what is left with what was promised; one line a fault')
  .option(
    '--full',
    'kill services 1,000 times each in place of 200, and send 100,000 malformed requests in place of 20,000',
    false,
  )
  .option('--only <text>', 'only the faults whose name holds a text')
  .option('--seed <n>', 'decides what is written, and when faults happen', positiveInteger, newSeed())
  .parse()
  .opts<Options>();
const kills = full ? 1_000 : 200;

const problem = missingPostgres();
if (problem !== null) throw new Error(problem);
await using postgres = await startPostgres();
const sqlite = async () => sqlitePlace();
const killed = async (place: StorePlace) => ({ kills, ...(await killService(place, { kills, seed, writers: 8 })) });
const shared = async (place: StorePlace) => {
  const plan = { seed, writes: 5_000, streams: 20 };
  return { writes: plan.writes, ...(await shareDatabase(place, plan)) };
};

await run('service killed amid writes, SQLite', sqlite, killed);
await run('service killed amid writes, PostgreSQL', () => postgresPlace(postgres), killed);
await run('two services on one PostgreSQL', () => postgresPlace(postgres), shared);
await run('malformed requests, SQLite', sqlite, place => malformed(place, full ? 100_000 : 20_000));
await run(
  'malformed requests, PostgreSQL',
  () => postgresPlace(postgres),
  place => malformed(place, full ? 20_000 : 5_000),
);
await run('peer that does not read', sqlite, async place => ({ ...(await ignoreChanges(place, 100_000)) }));

/** Sends malformed requests; on stderr, because it is much, tells how they were answered. */
async function malformed(place: StorePlace, requests: number): Promise<Counts> {
  const { outcomes, usedBytes, residentBytes, ...counts } = await sendMalformed(place, { requests, seed });
  for (const [outcome, count] of [...outcomes].sort()) console.error(`        ${count} ${outcome}`);
  const [used, resident] = [usedBytes, residentBytes].map(({ before, after }) => ({
    before: Math.round(before / 1000),
    after: Math.round(after / 1000),
  }));
  return {
    requests,
    ...counts,
    usedKbBefore: used?.before ?? 0,
    usedKbAfter: used?.after ?? 0,
    residentKbBefore: resident?.before ?? 0,
    residentKbAfter: resident?.after ?? 0,
  };
}

/** Tells in one line what came of a fault. */
async function run(
  name: string,
  newPlace: () => Promise<StorePlace>,
  fault: (place: StorePlace) => Promise<Counts>,
): Promise<void> {
  if (!name.includes(only)) return;
  try {
    await using place = await newPlace();
    const counts = { seed, ...(await fault(place)) };
    const texts = Object.entries(counts).map(([what, count]) => `${what}=${count}`);
    console.log(`ok      ${name}: ${texts.join(' ')}`);
  } catch (error) {
    console.log(`FAILED  ${name}: seed=${seed} ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
