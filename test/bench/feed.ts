import { setMaxListeners } from 'node:events';
import type { Command } from 'commander';
import { silentLogger } from '../../src/logger.js';
import type { DispatchStore } from '../../src/service/domain/dispatchStore.js';
import { type LogCursor, positionOf } from '../../src/service/domain/logCursor.js';
import { changeFeed } from '../../src/service/feed/changeFeed.js';
import { missingPostgres, startPostgres } from '../support/postgres.js';
import { postgresPlace, type StorePlace, sqlitePlace } from '../support/stores.js';
import { check, cpuMs, median, positiveInteger, round } from './figures.js';
import type { Report } from './report.js';

const NAME = 'feed';

/** Entries of each log at the beginning. */
const ENTRIES = 10;
/** As many entries, of as many logs, as the feed reads at a time. */
const LIMIT = 500;
const LOGS_AT_ONCE = 2_000;

/** How long it takes to find what has changed in many microgrids, when nothing has, and when each has one change. */
export function feedBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('how soon the changes of many microgrids are read, and reach their streams')
    .option('--microgrids <n>', 'microgrids, each with a stream', positiveInteger, 10_000)
    .option('--rounds <n>', 'rounds of which the median counts', positiveInteger, 7)
    .action(async ({ microgrids, rounds }: { microgrids: number; rounds: number }) => {
      await using sqlite = sqlitePlace();
      report(NAME, { database: 'SQLite', ...(await measure(sqlite, 'zeroblob(200)', microgrids, rounds)) });
      if (missingPostgres() !== null) return;
      await using server = await startPostgres({ fsync: true });
      await using postgres = await postgresPlace(server);
      const blob = `decode(repeat('00', 200), 'hex')`;
      report(NAME, { database: 'PostgreSQL', ...(await measure(postgres, blob, microgrids, rounds)) });
    });
}

async function measure(place: StorePlace, message: string, microgrids: number, rounds: number) {
  const store = await place.open();
  try {
    await place.execute(`
      with recursive g (i) as (select 1 union all select i + 1 from g where i < ${microgrids})
        insert into microgrid select i, ${ENTRIES}, ${ENTRIES} from g;
      with recursive g (i) as (select 1 union all select i + 1 from g where i < ${microgrids}),
        s (k) as (select 1 union all select k + 1 from s where k < ${ENTRIES})
        insert into dispatch_change (microgrid_id, seq, dispatch_id, kind, at_us, message)
          select i, k, k, 'updated', k, ${message} from g, s;
      insert into microgrid values (${microgrids + 1}, ${microgrids}, ${microgrids});
      with recursive s (k) as (select 1 union all select k + 1 from s where k < ${microgrids})
        insert into dispatch_change (microgrid_id, seq, dispatch_id, kind, at_us, message)
          select ${microgrids + 1}, k, k, 'updated', k, ${message} from s;
      analyze;`);
    const idleMs: number[] = [];
    const oneEachMs: number[] = [];
    const oneLogMs: number[] = [];
    for (let count = 0; count < rounds; count += 1) {
      idleMs.push(await timed(() => readAll(store, microgrids, ENTRIES)));
      oneEachMs.push(await timed(() => readAll(store, microgrids, ENTRIES - 1)));
      // As many statements and entries, but of one log: what they cost at least.
      oneLogMs.push(await timed(() => readOneLog(store, microgrids)));
    }
    const { deliveryMs, cpu } = await deliver(place, store, message, microgrids);
    return {
      microgrids,
      idlePollMs: round(median(idleMs)),
      oneEachMs: round(median(oneEachMs)),
      oneEachPerOneLog: round(median(oneEachMs) / median(oneLogMs)),
      deliveryMs: round(deliveryMs),
      deliveryCpuMs: round(cpu),
    };
  } finally {
    await store.close();
  }
}

const positionAt = (seq: number) => ({ seq, atUs: seq, id: seq });

/** Reads all logs from a position on, as the feed does. */
async function readAll(store: DispatchStore, microgrids: number, seq: number): Promise<void> {
  let waiting = Array.from({ length: microgrids }, (_, index) => index + 1);
  const cursors = new Map<number, LogCursor>(waiting.map(id => [id, positionAt(seq)]));
  let count = 0;
  while (waiting.length > 0) {
    const ids = waiting.slice(0, LOGS_AT_ONCE);
    const asked = new Map(ids.map(id => [id, cursors.get(id) ?? 0]));
    const { changes, pruned, more } = await store.changes(asked, LIMIT);
    check(pruned.length === 0, 'a log was taken for another one');
    for (const change of changes) cursors.set(change.microgridId, positionOf(change));
    waiting = [...more, ...waiting.slice(LOGS_AT_ONCE)];
    count += changes.length;
  }
  check(count === microgrids * (ENTRIES - seq), `${count} entries were read`);
}

/** Reads the log behind the others, which has as many entries as there are others. */
async function readOneLog(store: DispatchStore, microgrids: number): Promise<void> {
  for (let seq = 0; seq < microgrids; )
    seq += (await store.changes(new Map([[microgrids + 1, seq]]), LIMIT)).changes.length;
}

/** How long it takes from one change of each microgrid, committed at once, until a stream of each has it. */
async function deliver(place: StorePlace, store: DispatchStore, message: string, microgrids: number) {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  let wake: () => void = () => {};
  const onWake: DispatchStore['onWake'] = listener => {
    wake = () => listener(null);
    return store.onWake(listener);
  };
  const feed = changeFeed({ ...store, onWake }, silentLogger);
  try {
    const streams = [];
    for (let id = 1; id <= microgrids; id += 1) streams.push(await feed.open(id, signal));
    const seq = ENTRIES + 1;
    const all = Promise.all(streams.map(stream => stream.next()));
    await place.execute(`
      begin;
      insert into dispatch_change (microgrid_id, seq, dispatch_id, kind, at_us, message)
        select id, ${seq}, ${seq}, 'updated', ${seq}, ${message} from microgrid where id <= ${microgrids};
      update microgrid set seq = ${seq}, last_us = ${seq} where id <= ${microgrids};
      commit;`);
    const [beganMs, beganCpuMs] = [performance.now(), cpuMs()];
    wake();
    await all;
    return { deliveryMs: performance.now() - beganMs, cpu: cpuMs() - beganCpuMs };
  } finally {
    feed.stop();
  }
}

async function timed(run: () => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await run();
  return performance.now() - beganMs;
}
