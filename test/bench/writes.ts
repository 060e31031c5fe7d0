import type { Command } from 'commander';
import pg from 'pg';
import { countLogs } from '../support/countLogs.js';
import { missingPostgres, startPostgres, type TestPostgres } from '../support/postgres.js';
import { check, median, percentile, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';
import { type CallerGroup, type WriteSample, writeForSomeTime } from './writeTasks.js';

const NAME = 'writes';
/** `writeTasks.js`, which fresh processes load. */
const TASKS = new URL('writeTasks.js', import.meta.url).href;
/** For processes to start and connect. */
const START_MS = 4_000;
const MICROGRIDS = 10_000;

/**
 * What each commit waits for: the disk; or 10 ms more, of its own, or shared with commits that come meanwhile, as those of a disk are.
 */
const COMMITS = {
  disk: '',
  'disk and 10 ms': `
    create function wait_once() returns trigger language plpgsql as $$ begin
      if current_setting('bench.waited', true) is distinct from txid_current()::text then
        perform set_config('bench.waited', txid_current()::text, true);
        perform pg_sleep(0.01);
      end if;
      return null;
    end $$;
    create constraint trigger wait_once after update on microgrid
      deferrable initially deferred for each row execute function wait_once();`,
  'disk and 10 ms shared': `do $$ begin
      execute format('alter database %I set commit_delay = 10000', current_database());
      execute format('alter database %I set commit_siblings = 0', current_database());
    end $$;`,
} as const;

interface Options {
  readonly callers: number;
  readonly seconds: number;
  readonly rounds: number;
}

/**
 * How the writes of several processes on one PostgreSQL, which waits for the disk at each commit, are in each other's way. Each process has
 * a store of its own, and callers that create one dispatch after the other. It is checked that logs have no gap and no confirmed
 * write is missing.
 */
export function writesBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('writes of two processes on one PostgreSQL, to many microgrids, to one, and beside one that is locked')
    .option('--callers <n>', 'callers of each process', positiveInteger, 32)
    .option('--seconds <n>', 'duration of each measurement', positiveInteger, 5)
    .option('--rounds <n>', 'rounds of which the median counts', positiveInteger, 3)
    .action(async (options: Options) => {
      const problem = missingPostgres();
      check(problem === null, String(problem));
      await using postgres = await startPostgres({ fsync: true });
      for (const commits of Object.keys(COMMITS) as (keyof typeof COMMITS)[]) {
        await measureTogether(postgres, commits, options, report);
      }
      await measureOneMicrogrid(postgres, options, report);
      await measureLocked(postgres, options, report);
    });
}

/** Two processes with random microgrids against one. */
async function measureTogether(
  postgres: TestPostgres,
  commits: keyof typeof COMMITS,
  { callers, seconds, rounds }: Options,
  report: Report,
): Promise<void> {
  await using database = await writesDatabase(postgres, COMMITS[commits]);
  const group = { callers, from: 1, to: MICROGRIDS };
  const perSecond = { one: [] as number[], two: [] as number[] };
  const p99Ms = { one: [] as number[], two: [] as number[] };
  for (let count = 0; count < rounds; count += 1) {
    for (const [processes, groups] of [
      ['one', [[group]]],
      ['two', [[group], [group]]],
    ] as const) {
      const samples = (await database.write(groups, seconds * 1_000)).flat(2);
      perSecond[processes].push(samples.length / seconds);
      p99Ms[processes].push(percentile(tookMs(samples), 0.99));
    }
  }
  await database.checkLogs();
  report(NAME, {
    commits,
    callers,
    onePerSecond: round(median(perSecond.one)),
    twoPerSecond: round(median(perSecond.two)),
    ratio: round(median(perSecond.two) / median(perSecond.one)),
    oneP99Ms: round(median(p99Ms.one)),
    twoP99Ms: round(median(p99Ms.two)),
  });
}

/** Two processes that want the same lock all the time. */
async function measureOneMicrogrid(postgres: TestPostgres, options: Options, report: Report): Promise<void> {
  const { callers, seconds, rounds } = options;
  await using database = await writesDatabase(postgres, COMMITS['disk and 10 ms']);
  const group = { callers, from: 1, to: 1 };
  const all: WriteSample[] = [];
  for (let count = 0; count < rounds; count += 1) {
    all.push(...(await database.write([[group], [group]], seconds * 1_000)).flat(2));
  }
  await database.checkLogs();
  const times = tookMs(all);
  report(NAME, {
    microgrids: 1,
    commits: 'disk and 10 ms',
    processes: 2,
    callers,
    perSecond: round(all.length / seconds / rounds),
    medianMs: round(median(times)),
    p99Ms: round(percentile(times, 0.99)),
    maxMs: round(percentile(times, 1)),
  });
}

/** One process, while a connection of another has locked one of its microgrids, and before. */
async function measureLocked(postgres: TestPostgres, { callers, rounds }: Options, report: Report): Promise<void> {
  const [beforeMs, lockedMs] = [5_000, 10_000];
  const [before, locked, stuck] = [[] as number[], [] as number[], [] as number[]];
  let given = 0;
  for (let count = 0; count < rounds; count += 1) {
    await using database = await writesDatabase(postgres, COMMITS.disk);
    const groups = [
      { callers, from: 2, to: MICROGRIDS },
      { callers: 4, from: 1, to: 1 },
    ];
    const [samples] = await database.write([groups], beforeMs + lockedMs, async startAtMs => {
      await untilMs(startAtMs + beforeMs);
      await database.client.query('begin; select from microgrid where id = 1 for update');
      await untilMs(startAtMs + beforeMs + lockedMs);
      await database.client.query('rollback');
    });
    await database.checkLogs();
    const [others = [], those = []] = samples ?? [];
    before.push(percentile(tookMs(others.filter(([startMs]) => startMs < beforeMs - 100)), 0.99));
    locked.push(percentile(tookMs(others.filter(([startMs]) => startMs > beforeMs + 100)), 0.99));
    stuck.push(percentile(tookMs(those), 1));
    given += those.filter(([, , confirmed]) => !confirmed).length;
  }
  report(NAME, {
    lockedMicrogrids: 1,
    callers,
    beforeP99Ms: round(median(before)),
    lockedP99Ms: round(median(locked)),
    ratio: round(median(locked.map((ms, index) => ms / (before[index] ?? 0)))),
    lockedMaxMs: round(median(stuck)),
    givenUp: given,
  });
}

/** A database with its microgrids, to write to from other processes. */
async function writesDatabase(postgres: TestPostgres, setUp: string) {
  const url = await postgres.createDatabase();
  // Makes the tables.
  await inFreshProcess(TASKS, writeForSomeTime, {
    database: url,
    startAtMs: Date.now(),
    durationMs: 0,
    groups: [],
  });
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`insert into microgrid select id, 0, 0 from generate_series(1, ${MICROGRIDS}) as id`);
  if (setUp !== '') await client.query(setUp);
  await client.query('vacuum analyze');
  let confirmed = 0;
  return {
    client,
    /** Lets each process write with its groups of callers, at the same time; returns the writes of each group. */
    async write(
      processes: readonly (readonly CallerGroup[])[],
      durationMs: number,
      meanwhile: (startAtMs: number) => Promise<void> = async () => {},
    ) {
      const startAtMs = Date.now() + START_MS;
      const [samples] = await Promise.all([
        Promise.all(
          processes.map(groups =>
            inFreshProcess(TASKS, writeForSomeTime, { database: url, startAtMs, durationMs, groups }),
          ),
        ),
        meanwhile(startAtMs),
      ]);
      confirmed += samples.flat(2).filter(([, , was]) => was).length;
      return samples;
    },
    /** Checks that the logs have each confirmed write, numbered without gaps in the order of their instants. */
    async checkLogs(): Promise<void> {
      const { changes, outOfOrder } = await countLogs(client);
      check(outOfOrder === 0, `${outOfOrder} entries of logs are out of order`);
      check(changes === confirmed, `${changes} changes of ${confirmed} confirmed writes`);
    },
    async [Symbol.asyncDispose]() {
      await client.end();
    },
  };
}

function tookMs(samples: readonly WriteSample[]): number[] {
  return samples.map(([, took]) => took);
}

async function untilMs(atMs: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, atMs - Date.now()));
}
