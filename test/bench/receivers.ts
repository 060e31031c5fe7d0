import type { Command } from 'commander';
import { createActor, setup } from 'xstate';
import type { RunningNotification } from '../../machines/dispatch/runNotification.js';
import type { DispatchInfo } from '../../machines/manage/dispatchInfo.js';
import { managedActors } from '../../machines/manage/managedActors.js';
import type { MergeStrategy } from '../../machines/manage/mergeStrategy.js';
import type { Dispatch } from '../../src/dispatch.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import type { Receiver } from '../../src/dispatcher/receiver.js';
import { silentLogger } from '../../src/logger.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { dispatchRecord, version } from '../support/dispatchRecord.js';
import { heapUsed } from '../support/memory.js';
import { check, median, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';

const NAME = 'receivers';

interface DeliveryTask {
  readonly receivers: number;
  readonly notifications: number;
  readonly dispatches: number;
  readonly ownStrategies: boolean;
}

/**
 * How fast receivers of running-state changes get them, while one receiver sleeps; and how long managed actors take that all start at one
 * instant and stop at another, beside bare actors that are created and stopped in a loop. Each round is a process of its own.
 */
export function receiversBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('how fast receivers get changes while one sleeps, and managed actors start and stop')
    .option('--receivers <n>', 'receivers, of which one sleeps', positiveInteger, 100)
    .option('--notifications <n>', 'changes of running dispatches', positiveInteger, 100_000)
    .option('--dispatches <n>', 'dispatches that change in turn', positiveInteger, 1_000)
    .option('--actors <n>', 'managed actors at most', positiveInteger, 10_000)
    .option('--rounds <n>', 'rounds with managed actors', positiveInteger, 3)
    .action(async ({ actors, rounds, ...task }: DeliveryTask & { actors: number; rounds: number }) => {
      for (const ownStrategies of [false, true]) {
        report(NAME, await inFreshProcess(import.meta.url, deliverOnce, { ...task, ownStrategies }));
      }
      for (const share of [8, 4, 2, 1]) {
        const count = Math.ceil(actors / share);
        const results: Awaited<ReturnType<typeof manageOnce>>[] = [];
        for (let i = 0; i < rounds; i++) results.push(await inFreshProcess(import.meta.url, manageOnce, { count }));
        const medianOf = (name: keyof (typeof results)[number]) => round(median(results.map(result => result[name])));
        report(NAME, {
          managedActors: count,
          startMs: medianOf('startMs'),
          stopMs: medianOf('stopMs'),
          usPerActor: medianOf('usPerActor'),
          bareUsPerActor: medianOf('bareUsPerActor'),
        });
      }
    });
}

/** @public Run by name in a process of its own. */
export async function deliverOnce({ receivers, notifications, dispatches, ownStrategies }: DeliveryTask) {
  const records = Array.from({ length: dispatches }, (_, i) =>
    dispatchRecord({ id: i + 1, startTimeMs: Date.now() - 1_000, durationMs: null, selector: { ids: [i + 1] } }),
  );
  const transport = memoryTransport(records);
  await using dispatcher = new Dispatcher({ microgridId: 1, transport, logger: silentLogger, warmUp: false });
  await dispatcher.start();
  await dispatcher.ready();
  // Each its own strategy: receivers with the same one share what it decides.
  const strategy = (): MergeStrategy => ({ identity: ({ selector }) => `line ${selector.ids}` });
  const open = (limit: number) =>
    dispatcher.newRunningStateReceiver('CHARGE', { limit, ...(ownStrategies && { mergeStrategy: strategy() }) });
  const sleeping = open(50);
  const readers = Array.from({ length: receivers - 1 }, () => startReader(open(2 * dispatches)));
  const isDone = async (count: number) => {
    while (readers.some(reader => reader.count < count)) await new Promise(resolve => setImmediate(resolve));
  };
  await isDone(dispatches);
  const heapBefore = heapMb();
  let heapMost = heapBefore;
  const startMs = performance.now();
  const rounds = Math.ceil(notifications / dispatches);
  for (let n = 1; n <= rounds; n++) {
    for (const record of records) transport.put({ ...record, payload: { n }, updateTime: version(n + 1) });
    await isDone((n + 1) * dispatches);
    heapMost = Math.max(heapMost, process.memoryUsage().heapUsed / 2 ** 20);
  }
  const tookMs = performance.now() - startMs;
  const heapAfter = heapMb();
  const deliveries = (receivers - 1) * rounds * dispatches;
  for (const { receiver, last } of readers) {
    check(receiver.coalesced === 0, `${receiver.coalesced} changes were coalesced for a reader`);
    check(last.size === dispatches && [...last.values()].every(n => n === rounds), 'a reader lacks a last state');
  }
  const held = new Map<number, unknown>();
  let heldCount = 0;
  for (; heldCount < 50 + dispatches; heldCount += 1) {
    const nothingLeft = new AbortController();
    setImmediate(() => nothingLeft.abort());
    const dispatch = await sleeping.receive({ signal: nothingLeft.signal }).catch(() => undefined);
    if (dispatch === undefined) break;
    held.set(dispatch.id, dispatch.payload.n);
  }
  check(held.size === dispatches && [...held.values()].every(n => n === rounds), 'the sleeper lacks a last state');
  for (const { receiver } of readers) receiver.close();
  return {
    receivers,
    notifications: rounds * dispatches,
    dispatches,
    ownStrategies,
    perSecond: Math.round((1_000 * deliveries) / tookMs),
    sleeperHolds: heldCount,
    heapBeforeMb: round(heapBefore),
    heapMostMb: round(heapMost),
    heapAfterMb: round(heapAfter),
  };
}

/** @public Run by name in a process of its own. */
export async function manageOnce({ count }: { count: number }) {
  let started = 0;
  const logic = setup({
    types: { input: {} as DispatchInfo, context: {} as { info: DispatchInfo } },
    actions: {
      start: () => {
        started += 1;
      },
    },
  }).createMachine({ context: ({ input }) => ({ info: input }), entry: 'start' });
  const dispatches = Array.from({ length: count }, (_, i) => dispatchRecord({ id: i + 1 }));
  const said = (type: 'running.started' | 'running.stopped'): RunningNotification[] =>
    dispatches.map(dispatch => ({
      type,
      dispatch,
      run: { startMs: 0, endMs: 1_000 },
      cause: 'schedule',
      atMs: type === 'running.started' ? 0 : 1_000,
      lateMs: 0,
    }));
  const [starts, stops] = [said('running.started'), said('running.stopped')];
  const manager = createActor(managedActors(logic, { type: 'CHARGE' })).start();
  const startMs = elapsedMs(() => {
    for (const news of starts) manager.send(news);
  });
  check(started === count && manager.getSnapshot().context.size === count, `${started} of ${count} actors started`);
  const stopMs = elapsedMs(() => {
    for (const news of stops) manager.send(news);
  });
  check(manager.getSnapshot().context.size === 0, `${manager.getSnapshot().context.size} actors did not stop`);
  manager.stop();
  const bareMs = elapsedMs(() => {
    const actors = starts.map(({ dispatch: { id, type, selector, payload, dryRun } }) => {
      const own = {
        identity: String(id),
        type,
        dispatchId: id,
        dispatchIds: [id],
        selector,
        payload,
        dryRun,
        untilMs: 0,
      };
      return createActor(logic, { input: own }).start();
    });
    for (const actor of actors) actor.stop();
  });
  check(started === 2 * count, 'the bare actors did not start');
  const perActor = (ms: number) => (1_000 * ms) / count;
  return { startMs, stopMs, usPerActor: perActor(startMs + stopMs), bareUsPerActor: perActor(bareMs) };
}

/** Reads all that a receiver gets, and keeps the last state of each dispatch. */
function startReader(receiver: Receiver<Dispatch>) {
  const reader = { receiver, count: 0, last: new Map<number, unknown>() };
  const read = async () => {
    for await (const { id, payload } of receiver) {
      reader.last.set(id, payload.n);
      reader.count += 1;
    }
  };
  void read();
  return reader;
}

function elapsedMs(run: () => void): number {
  const startMs = performance.now();
  run();
  return performance.now() - startMs;
}

function heapMb(): number {
  return heapUsed() / 2 ** 20;
}
