import type { Command } from 'commander';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { startService } from './benchService.js';
import { check, median, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';

const NAME = 'events';
const MICROGRID_ID = 1;
/** What has not come after so long is lost. */
const MAX_MS = 30_000;

interface Task {
  /** Updates to make. */
  readonly count: number;
  /** Dispatches to make them to. */
  readonly dispatches: number;
}

/**
 * How fast a dispatcher takes in what a service sends as fast as it can: updates that the service's own process makes to
 * its dispatches in turn, over one stream. Each round is a new service and a new dispatcher in a process of its own.
 */
export function eventsBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('how fast updates arrive that the service sends as fast as it can')
    .option('--count <n>', 'updates', positiveInteger, 5_000)
    .option('--dispatches <n>', 'dispatches that are updated in turn', positiveInteger, 1_000)
    .option('--rounds <n>', 'rounds of which the best counts: the machine may be shared', positiveInteger, 3)
    .action(async ({ rounds, ...task }: Task & { rounds: number }) => {
      const results: Awaited<ReturnType<typeof eventsOnce>>[] = [];
      for (let i = 0; i < rounds; i++) results.push(await inFreshProcess(import.meta.url, eventsOnce, task));
      const rates = results.map(({ tookMs }) => (1_000 * task.count) / tookMs);
      const overallRates = results.map(({ overallMs }) => (1_000 * task.count) / overallMs);
      report(NAME, {
        ...task,
        perSecond: Math.round(Math.max(...rates)),
        perSecondFromBefore: Math.round(Math.max(...overallRates)),
        medianPerSecond: Math.round(median(rates)),
        medianPerSecondFromBefore: Math.round(median(overallRates)),
        firstBurstPerSecond: Math.round(
          (1_000 * task.count) / Math.min(...results.map(({ firstBurstMs }) => firstBurstMs)),
        ),
        serviceMs: round(median(results.map(({ serviceMs }) => serviceMs))),
      });
    });
}

/** @public Run by name in a process of its own. */
export async function eventsOnce({ count, dispatches }: Task) {
  await using service = await startService(dispatches);
  await using client = new DispatchClient({ address: service.address });
  await using dispatcher = new Dispatcher({ microgridId: MICROGRID_ID, address: service.address });
  await dispatcher.start();
  await dispatcher.ready();

  const receiver = dispatcher.lifecycleEvents.newReceiver({ limit: count });
  const versions = new Map<number, string>();
  const burst = async () => {
    let seen = 0;
    let firstMs = Number.NaN;
    const startMs = performance.now();
    const updating = service.update(count);
    const giveUp = setTimeout(() => receiver.close(), MAX_MS);
    // A loop that is left would close the receiver.
    for (let event = await receiver.receive(); event !== undefined; event = await receiver.receive()) {
      const { type, dispatch } = event;
      const { id, record } = dispatch;
      check(type === 'updated', `event ${seen + 1} of ${count} is '${type}'`);
      check(record.updateTime > (versions.get(id) ?? ''), `a version of dispatch ${id} came twice, or too late`);
      versions.set(id, record.updateTime);
      seen += 1;
      if (seen === 1) firstMs = performance.now();
      if (seen === count) break;
    }
    const endMs = performance.now();
    clearTimeout(giveUp);
    const { tookMs: serviceMs } = await updating;
    check(seen === count, `${seen} of ${count} updates came`);
    check(receiver.coalesced === 0, `${receiver.coalesced} events were coalesced`);
    return { tookMs: endMs - firstMs, overallMs: endMs - startMs, serviceMs };
  };
  // Both processes have only just started: what the first burst takes is mostly the compiling of their code.
  const first = await burst();
  const next = await burst();
  for await (const { id, record } of client.list({ microgridId: MICROGRID_ID, pageSize: 1_000 })) {
    const held = dispatcher.dispatches.get(id)?.record;
    check(held?.updateTime === record.updateTime, `dispatch ${id} is outdated`);
  }
  return { ...next, firstBurstMs: first.tookMs };
}
