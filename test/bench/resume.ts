import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { tcpProxy } from '../support/tcpProxy.js';
import { startService } from './benchService.js';
import { check, median, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';

const NAME = 'resume';

/** Time after which a connection is healthy, and some more. */
const healthyAfterMs = 10_500;

interface Task {
  readonly port: number;
  readonly count: number;
  readonly rounds: number;
}

/**
 * How long a dispatcher of many dispatches needs to be live again after its connection was cut, with a service in a process of its own;
 * beside its first sync, which lists all of them.
 */
export function resumeBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('how soon a dispatcher is live again after its connection was cut, without a list')
    .option('--count <n>', 'dispatches', positiveInteger, 100_000)
    .option('--rounds <n>', 'cuts', positiveInteger, 5)
    .action(async ({ count, rounds }: { count: number; rounds: number }) => {
      await using service = await startService(count);
      const { firstSyncMs, liveMs } = await inFreshProcess(import.meta.url, cutAndResume, {
        port: service.port,
        count,
        rounds,
      });
      report(NAME, {
        count,
        rounds,
        firstSyncMs: Math.round(firstSyncMs),
        medianLiveMs: round(median(liveMs)),
        longestLiveMs: round(Math.max(...liveMs)),
      });
    });
}

/** @public Run by name in a process of its own. */
export async function cutAndResume({ port, count, rounds }: Task) {
  await using proxy = await tcpProxy(port);
  await using dispatcher = new Dispatcher({
    microgridId: 1,
    address: `grpc://127.0.0.1:${proxy.port}?ssl=false`,
  });
  const startMs = performance.now();
  await dispatcher.start();
  await dispatcher.ready();
  const firstSyncMs = performance.now() - startMs;
  check(dispatcher.dispatches.size === count, `${dispatcher.dispatches.size} of ${count} dispatches are there`);
  const liveMs: number[] = [];
  for (let i = 0; i < rounds; i++) {
    // Then the connection counts as healthy, so that the next attempt comes at once.
    await setTimeout(healthyAfterMs);
    const live = new Promise<void>(resolve => {
      const undo = dispatcher.on('sync', ({ state }) => {
        if (state !== 'live') return;
        undo();
        resolve();
      });
    });
    proxy.cut();
    proxy.restore();
    const cutMs = performance.now();
    await live;
    liveMs.push(performance.now() - cutMs);
  }
  return { firstSyncMs, liveMs };
}
