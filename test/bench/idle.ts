import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { heapUsed } from '../support/memory.js';
import { startService } from './benchService.js';
import { check, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';

const NAME = 'idle';
const MICROGRID_ID = 1;
/** What the first sync leaves behind, such as compiling, is no part of idling; its garbage is collected before. */
const SETTLE_MS = 5_000;

interface Task {
  readonly count: number;
  readonly seconds: number;
}

/**
 * What a dispatcher costs that has nothing to do: connected to a service, with its dispatches loaded and none of them due.
 */
export function idleBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('processor time and memory of a dispatcher that has nothing to do')
    .option('--count <n>', 'dispatches', positiveInteger, 100_000)
    .option('--seconds <n>', 'how long it is watched', positiveInteger, 30)
    .action(async (task: Task) => {
      const empty = await inFreshProcess(import.meta.url, idleOnce, { ...task, count: 0 });
      const full = await inFreshProcess(import.meta.url, idleOnce, task);
      report(NAME, {
        ...task,
        cpuPercent: round(full.cpuPercent),
        residentMB: round(full.residentMB),
        heapMB: round(full.heapMB),
        bytesPerDispatch: Math.round(((full.heapMB - empty.heapMB) * 1e6) / task.count),
        cpuPercentWithoutDispatches: round(empty.cpuPercent),
        residentMBWithoutDispatches: round(empty.residentMB),
      });
    });
}

/** @public Run by name in a process of its own. */
export async function idleOnce({ count, seconds }: Task) {
  await using service = await startService(count);
  await using dispatcher = new Dispatcher({ microgridId: MICROGRID_ID, address: service.address });
  let notifications = 0;
  await dispatcher.start();
  await dispatcher.ready();
  dispatcher.on('running', () => notifications++);
  dispatcher.on('lifecycle', () => notifications++);
  heapUsed();
  await sleep(SETTLE_MS);
  const before = process.cpuUsage();
  await sleep(seconds * 1_000);
  const { user, system } = process.cpuUsage(before);
  const residentMB = process.memoryUsage.rss() / 1e6;
  check(dispatcher.dispatches.size === count && dispatcher.status.state === 'live', `it is ${dispatcher.status.state}`);
  check(notifications === 0, `it had ${notifications} things to say`);
  return { cpuPercent: (user + system) / (seconds * 1e4), residentMB, heapMB: heapUsed() / 1e6 };
}
