import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { Dispatch } from '../../src/dispatch.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { startService } from './benchService.js';
import { watchEventLoop } from './eventLoop.js';
import { check, median, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import { inPython } from './pythonBench.js';
import type { Figures, Report } from './report.js';

const NAME = 'sync';
const MICROGRID_ID = 1;
const PAGE_SIZE = 1_000;

interface Task {
  readonly address: string;
  readonly count: number;
}

/** Who is told of lifecycle events meanwhile: nobody, a receiver that is read at once, or one that is read afterwards. */
type Audience = 'nobody' | 'reader' | 'sleeper';

/**
 * How long a dispatcher needs from `start()` to `ready()` over gRPC, with a service in a process of its own: while nobody
 * wants to hear of lifecycle events, with a receiver of them that is read, and with one that is read when all is done. Beside
 * it, in turn, how long the plain client needs to list the same dispatches, and that of Python where it is installed. Each is
 * measured in a new process, as a program that starts meets it.
 */
export function syncBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('what the first sync takes over gRPC, beside the plain client, and how long it blocks the event loop')
    .option('--count <n>', 'dispatches', positiveInteger, 100_000)
    .option('--rounds <n>', 'rounds of which the best counts: the machine may be shared', positiveInteger, 3)
    .action(async ({ count, rounds }: { count: number; rounds: number }) => {
      await using service = await startService(count);
      const task = { address: service.address, count };
      const [lists, pythonLists]: [number[], number[]] = [[], []];
      const syncs: Record<Audience, Awaited<ReturnType<typeof syncOnce>>[]> = { nobody: [], reader: [], sleeper: [] };
      for (let i = 0; i < rounds; i++) {
        lists.push((await inFreshProcess(import.meta.url, listOnce, task)).listMs);
        const python = await inPython<{ listMs: number }>('list_all', service.address, count);
        if (python !== null) pythonLists.push(python.listMs);
        for (const audience of ['nobody', 'reader', 'sleeper'] as const) {
          syncs[audience].push(await inFreshProcess(import.meta.url, syncOnce, { ...task, audience }));
        }
      }
      const all = (figure: keyof (typeof syncs)['nobody'][number], audience: Audience = 'nobody') =>
        syncs[audience].map(sync => sync[figure]);
      const least = (values: readonly number[]) => Math.min(...values);
      const hasPython = pythonLists.length > 0;
      const best = {
        syncMs: least(all('syncMs')),
        readerSyncMs: least(all('syncMs', 'reader')),
        sleeperSyncMs: least(all('syncMs', 'sleeper')),
        listMs: least(lists),
      };
      const toPython = (ms: number) => (hasPython ? round(ms / least(pythonLists)) : null);
      report(NAME, {
        count,
        ...rounded(best),
        ratio: round(best.syncMs / best.listMs),
        pythonListMs: hasPython ? Math.round(least(pythonLists)) : null,
        ratioToPython: toPython(best.syncMs),
        readerRatioToPython: toPython(best.readerSyncMs),
        sleeperRatioToPython: toPython(best.sleeperSyncMs),
      });
      report(NAME, {
        count,
        longestBlockMs: round(least(all('longestBlockMs'))),
        readerBlockMs: round(least(all('longestBlockMs', 'reader'))),
        receiverBlockMs: round(least(all('receiverBlockMs'))),
        stopBlockMs: round(least(all('stopBlockMs'))),
        medianSyncMs: Math.round(median(all('syncMs'))),
        medianReaderSyncMs: Math.round(median(all('syncMs', 'reader'))),
        medianListMs: Math.round(median(lists)),
        medianPythonListMs: hasPython ? Math.round(median(pythonLists)) : null,
        medianLongestBlockMs: round(median(all('longestBlockMs'))),
      });
    });
}

/** @public Run by name in a process of its own. */
export async function listOnce({ address, count }: Task) {
  await using client = new DispatchClient({ address });
  const startMs = performance.now();
  const listed = await listAll(client);
  const listMs = performance.now() - startMs;
  check(listed.length === count, `${listed.length} of ${count} dispatches were listed`);
  return { listMs };
}

/** @public Run by name in a process of its own. */
export async function syncOnce({ address, count, audience }: Task & { audience: Audience }) {
  const created = new Map<number, number>();
  await using client = new DispatchClient({ address });
  await using dispatcher = new Dispatcher({ microgridId: MICROGRID_ID, address });
  const lifecycle = audience === 'nobody' ? null : dispatcher.lifecycleEvents.newReceiver();
  const read = async () => {
    for await (const { dispatch } of lifecycle ?? []) created.set(dispatch.id, (created.get(dispatch.id) ?? 0) + 1);
  };
  if (audience === 'reader') void read();
  using eventLoop = watchEventLoop();
  await setTimeout(50);
  eventLoop.longestBlockMs();

  const startMs = performance.now();
  await dispatcher.start();
  await dispatcher.ready();
  const syncMs = performance.now() - startMs;
  const longestBlockMs = eventLoop.longestBlockMs();

  if (audience === 'sleeper') void read();
  const listed = await listAll(client);
  check(listed.length === count && dispatcher.dispatches.size === count, `${dispatcher.dispatches.size} are there`);
  for (const { id, record } of listed) {
    check(lifecycle === null || created.get(id) === 1, `dispatch ${id} was created ${created.get(id)} times`);
    check(dispatcher.dispatches.get(id)?.record.updateTime === record.updateTime, `dispatch ${id} is outdated`);
  }
  eventLoop.longestBlockMs();
  const receiver = dispatcher.runningStatusChange.newReceiver();
  const receiverBlockMs = eventLoop.longestBlockMs();
  check((await receiver.receive())?.change?.kind === 'started', 'no dispatch runs');
  await dispatcher.stop();
  const stopBlockMs = eventLoop.longestBlockMs();
  return { syncMs, longestBlockMs, receiverBlockMs, stopBlockMs };
}

function rounded<Name extends string>(figures: Readonly<Record<Name, number>>): Figures {
  return Object.fromEntries(Object.entries<number>(figures).map(([name, ms]) => [name, Math.round(ms)]));
}

async function listAll(client: DispatchClient): Promise<Dispatch[]> {
  const listed: Dispatch[] = [];
  for await (const dispatch of client.list({ microgridId: MICROGRID_ID, pageSize: PAGE_SIZE })) listed.push(dispatch);
  return listed;
}
