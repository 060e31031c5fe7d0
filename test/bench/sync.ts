import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { Dispatch } from '../../src/dispatch.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { startService } from './benchService.js';
import { watchEventLoop } from './eventLoop.js';
import { check, median, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';

const NAME = 'sync';
const MICROGRID_ID = 1;
const PAGE_SIZE = 1_000;

interface Task {
  readonly address: string;
  readonly count: number;
}

/**
 * How long a dispatcher needs from `start()` to `ready()` over gRPC, with a service in a process of its own; beside it, in
 * turn, how long the plain client needs to list the same dispatches. Each is measured in a new process, as a program
 * that starts meets it.
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
      const [lists, syncs]: [number[], Awaited<ReturnType<typeof syncOnce>>[]] = [[], []];
      for (let i = 0; i < rounds; i++) {
        lists.push((await inFreshProcess(import.meta.url, listOnce, task)).listMs);
        syncs.push(await inFreshProcess(import.meta.url, syncOnce, task));
      }
      const all = (figure: keyof (typeof syncs)[number]) => syncs.map(sync => sync[figure]);
      const [syncMs, listMs] = [Math.min(...all('syncMs')), Math.min(...lists)];
      report(NAME, {
        count,
        syncMs: Math.round(syncMs),
        listMs: Math.round(listMs),
        ratio: round(syncMs / listMs),
        longestBlockMs: round(Math.min(...all('longestBlockMs'))),
        receiverBlockMs: round(Math.min(...all('receiverBlockMs'))),
        stopBlockMs: round(Math.min(...all('stopBlockMs'))),
        medianSyncMs: Math.round(median(all('syncMs'))),
        medianListMs: Math.round(median(lists)),
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
export async function syncOnce({ address, count }: Task) {
  const created = new Map<number, number>();
  await using client = new DispatchClient({ address });
  await using dispatcher = new Dispatcher({ microgridId: MICROGRID_ID, address });
  dispatcher.on('lifecycle', ({ dispatch }) => created.set(dispatch.id, (created.get(dispatch.id) ?? 0) + 1));
  using eventLoop = watchEventLoop();
  await setTimeout(50);
  eventLoop.longestBlockMs();

  const startMs = performance.now();
  await dispatcher.start();
  await dispatcher.ready();
  const syncMs = performance.now() - startMs;
  const longestBlockMs = eventLoop.longestBlockMs();

  const listed = await listAll(client);
  check(listed.length === count && dispatcher.dispatches.size === count, `${dispatcher.dispatches.size} are there`);
  for (const { id, record } of listed) {
    check(created.get(id) === 1, `dispatch ${id} was created ${created.get(id)} times`);
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

async function listAll(client: DispatchClient): Promise<Dispatch[]> {
  const listed: Dispatch[] = [];
  for await (const dispatch of client.list({ microgridId: MICROGRID_ID, pageSize: PAGE_SIZE })) listed.push(dispatch);
  return listed;
}
