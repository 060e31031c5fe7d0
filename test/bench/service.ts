import type { Command } from 'commander';
import { missingPostgres, startPostgres } from '../support/postgres.js';
import { postgresPlace, type StorePlace, sqlitePlace } from '../support/stores.js';
import { type BenchServer, startEcho, startService } from './benchService.js';
import { check, median, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';
import { type CallTask, createInStore, createOverGrpc, echo, getOverGrpc, readChanges } from './serviceTasks.js';
import { listOnce } from './sync.js';

const NAME = 'service';
/** `serviceTasks.js`, which fresh processes load. */
const TASKS = new URL('serviceTasks.js', import.meta.url).href;
const CREATES: readonly CallTask[] = [
  { callers: 1, count: 2_000 },
  { callers: 32, count: 10_000 },
  { callers: 128, count: 20_000 },
];
const GETS: CallTask = { callers: 32, count: 20_000 };
const CHANGES = [
  { streams: 1, count: 20_000 },
  { streams: 100, count: 1_000 },
];

interface Options {
  readonly count: number;
  readonly rounds: number;
  readonly database: readonly string[];
}

/**
 * What a service does on SQLite and on PostgreSQL, which both wait for the disk at each commit; beside it, in the same
 * rounds, what grpc-js does alone. Servers and callers are in processes of their own; the callers use grpc-js alone, except
 * for the list, which our client reads. As they compete with the server for the processor, gets and echoes are also told by
 * the processor time that they cost the server.
 */
export function serviceBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('creations, gets, changes to streams and a list of a service in a file and on PostgreSQL')
    .option('--count <n>', 'dispatches to list', positiveInteger, 100_000)
    .option('--rounds <n>', 'rounds of which the best counts: the machine may be shared', positiveInteger, 3)
    .option('--database <kinds...>', 'sqlite, postgres or both', ['sqlite', 'postgres'])
    .action(async ({ count, rounds, database }: Options) => {
      if (database.includes('sqlite')) await measure('sqlite', async () => sqlitePlace(), count, rounds, report);
      if (!database.includes('postgres')) return;
      const problem = missingPostgres();
      check(problem === null, String(problem));
      await using postgres = await startPostgres({ fsync: true });
      await measure('postgres', () => postgresPlace(postgres), count, rounds, report);
    });
}

/** Reports as it goes. */
async function measure(
  database: string,
  newPlace: () => Promise<StorePlace>,
  dispatches: number,
  rounds: number,
  report: Report,
): Promise<void> {
  const tell = (work: string, callers: number, count: number, tookMs: readonly number[]) => {
    const rates = tookMs.map(ms => (1_000 * count) / ms);
    const perSecond = Math.round(Math.max(...rates));
    report(NAME, { database, work, callers, count, perSecond, medianPerSecond: Math.round(median(rates)) });
    return perSecond;
  };

  await using storePlace = await newPlace();
  for (const task of CREATES) {
    const tookMs = await repeat(rounds, microgridId =>
      inFreshProcess(TASKS, createInStore, { ...task, database: storePlace.database, microgridId }),
    );
    tell('creations in the store', task.callers, task.count, tookMs);
  }

  await using place = await newPlace();
  await using service = await startService(dispatches, { database: place.database });
  // PostgreSQL does so by itself, but some time later.
  if (database === 'postgres') await place.execute('analyze');
  const { port, address } = service;
  for (const task of CREATES) {
    const tookMs = await repeat(rounds, microgridId =>
      inFreshProcess(TASKS, createOverGrpc, { ...task, port, microgridId }),
    );
    tell('creations over gRPC', task.callers, task.count, tookMs);
  }

  await using echoServer = await startEcho();
  const [echoCpuMs, getCpuMs]: [number[], number[]] = [[], []];
  const echoMs: number[] = [];
  const getMs = await repeat(rounds, async () => {
    const echoTask = { ...GETS, port: echoServer.port };
    const echoed = await usingCpu(echoServer, echoCpuMs, () => inFreshProcess(TASKS, echo, echoTask));
    echoMs.push(echoed.tookMs);
    return usingCpu(service, getCpuMs, () => inFreshProcess(TASKS, getOverGrpc, { ...GETS, port, dispatches }));
  });
  const echoesPerSecond = tell('echoes of grpc-js alone', GETS.callers, GETS.count, echoMs);
  const getsPerSecond = tell('gets', GETS.callers, GETS.count, getMs);

  for (const { streams, count } of CHANGES) {
    const tookMs = await repeat(rounds, () => readChanges(service, streams, count));
    tell('changes to streams', streams, count * streams, tookMs);
  }

  const listMs = await repeat(rounds, async () => {
    const task = { address, count: dispatches };
    return { tookMs: (await inFreshProcess(new URL('sync.js', import.meta.url).href, listOnce, task)).listMs };
  });
  tell('dispatches listed', 1, dispatches, listMs);
  report(NAME, {
    database,
    getsPerEcho: round(getsPerSecond / echoesPerSecond),
    echoCpuUs: round((1_000 * Math.min(...echoCpuMs)) / GETS.count),
    getCpuUs: round((1_000 * Math.min(...getCpuMs)) / GETS.count),
    listMs: Math.round(Math.min(...listMs)),
    medianListMs: Math.round(median(listMs)),
  });
}

let nextMicrogridId = 2;

/** Does something again and again, each time with a microgrid that nothing was done to; returns how long it took. */
async function repeat(
  rounds: number,
  once: (microgridId: number) => Promise<{ readonly tookMs: number }>,
): Promise<number[]> {
  const tookMs: number[] = [];
  for (let round = 0; round < rounds; round++) tookMs.push((await once(nextMicrogridId++)).tookMs);
  return tookMs;
}

/** Does something, and adds the processor time that a server needed for it. */
async function usingCpu<TAnswer>(server: BenchServer, spent: number[], work: () => Promise<TAnswer>): Promise<TAnswer> {
  const before = await server.cpuMs();
  const answer = await work();
  spent.push((await server.cpuMs()) - before);
  return answer;
}
