import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { type AnyActorRef, createActor, fromCallback } from 'xstate';
import type { DispatchPage, Transport } from '../../machines/protocol/transport.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { WarmUp } from '../../src/dispatcher/warmUp.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { heapUsed } from '../support/memory.js';
import { bareMachine } from './bareMachine.js';
import { watchEventLoop } from './eventLoop.js';
import { check, cpuMs, positiveInteger, round } from './figures.js';
import { inFreshProcess } from './freshProcess.js';
import type { Figures, Report } from './report.js';

const NAME = 'load';
const START_MS = Date.UTC(2026, 2, 2, 10);
const PAGE_SIZE = 1_000;
const WARM_UP_COUNT = 2_000;

interface Cost {
  readonly loadUs: number;
  readonly notificationUs: number;
  readonly bytes: number;
}

/**
 * What a dispatch costs a dispatcher: to load from a transport in memory until `ready()`, to hold, and to start by the
 * timer of a simulated clock. Beside it, in the same run, what XState alone needs for an actor that is spawned, held
 * and sent one event that makes it emit. At the end what the warm-up of a process costs.
 */
export function loadBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('what it costs to load, hold and start dispatches, beside bare XState actors')
    .option('--count <n>', 'dispatches; a tenth is measured too, for the growth', positiveInteger, 100_000)
    .option('--rounds <n>', 'rounds of which the best counts: the machine may be shared', positiveInteger, 4)
    .action(async ({ count, rounds }: { count: number; rounds: number }) => {
      // What the program costs once, such as compiled code, is no cost of a dispatch.
      bareActors(WARM_UP_COUNT);
      await dispatcher(WARM_UP_COUNT);
      const small = await compare(Math.ceil(count / 10), rounds, report);
      const large = await compare(count, rounds, report);
      report(NAME, {
        growthOfLoad: round(large.loadUs / small.loadUs),
        growthOfNotification: round(large.notificationUs / small.notificationUs),
      });
      report(NAME, await inFreshProcess(import.meta.url, warmUpOnce, {}));
    });
}

/**
 * What it takes a process to compile, while it waits, what its first burst will go through: once for all of its dispatchers.
 *
 * @public Run by name in a process of its own.
 */
export async function warmUpOnce(): Promise<Figures> {
  const warmUp = new WarmUp();
  const [beforeMs, startMs] = [cpuMs(), performance.now()];
  const undo = warmUp.use(() => Number.POSITIVE_INFINITY);
  using eventLoop = watchEventLoop();
  while (!warmUp.isDone) await setTimeout(10);
  const figures = {
    warmUpNotifications: warmUp.notifications,
    warmUpCpuMs: Math.round(cpuMs() - beforeMs),
    warmUpMs: Math.round(performance.now() - startMs),
    warmUpLongestBlockMs: round(eventLoop.longestBlockMs()),
  };
  undo();
  return figures;
}

async function compare(count: number, rounds: number, report: Report): Promise<Cost> {
  const [bareRounds, ours]: [Cost[], Cost[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    bareRounds.push(bareActors(count));
    ours.push(await dispatcher(count));
  }
  const [bare, own] = [best(bareRounds), best(ours)];
  report(NAME, {
    count,
    loadUs: round(own.loadUs),
    bareSpawnUs: round(bare.loadUs),
    loadRatio: round(own.loadUs / bare.loadUs),
    notificationUs: round(own.notificationUs),
    bareEventUs: round(bare.notificationUs),
    notificationRatio: round(own.notificationUs / bare.notificationUs),
    bytesPerDispatch: Math.round(own.bytes),
    bytesPerBareActor: Math.round(bare.bytes),
  });
  return own;
}

function bareActors(count: number): Cost {
  const parent = createActor(fromCallback(() => {})).start();
  const actors: AnyActorRef[] = [];
  const emitted = counter(count);
  const heapBefore = heapUsed();
  const loadUs = timed(count, () => {
    for (let i = 0; i < count; i++) {
      const actor = createActor(bareMachine, { id: String(i), parent });
      actor.on('started', emitted.add);
      actors.push(actor.start());
    }
  });
  const bytes = (heapUsed() - heapBefore) / count;
  const notificationUs = timed(count, () => {
    for (const actor of actors) actor.send({ type: 'start' });
  });
  emitted.check();
  return { loadUs, notificationUs, bytes };
}

async function dispatcher(count: number): Promise<Cost> {
  const clock = simulatedClock(START_MS - 60_000);
  const started = counter(count);
  // Lets go of what the one before still holds.
  await clock.settle();
  const heapBefore = heapUsed();
  const transport = madeBefore(count);
  await using dispatcher = new Dispatcher({ microgridId: 1, transport, clock });
  dispatcher.on('running', started.add);
  const loadStartMs = performance.now();
  await dispatcher.start();
  await dispatcher.ready();
  const loadUs = ((performance.now() - loadStartMs) * 1000) / count;
  const bytes = (heapUsed() - heapBefore) / count;
  const startMs = performance.now();
  await clock.advanceBy(60_000 + 1_000 * (count / PER_SECOND));
  const notificationUs = ((performance.now() - startMs) * 1000) / count;
  started.check();
  return { loadUs, notificationUs, bytes };
}

/** So many dispatches start at each whole second: the protocol knows no finer start. */
const PER_SECOND = 100;

/** A transport that lets go of each dispatch when it gives it out, so that only the dispatcher holds it. */
function madeBefore(count: number): Transport {
  const pages = Array.from({ length: Math.ceil(count / PAGE_SIZE) }, (_, page) =>
    Array.from({ length: Math.min(PAGE_SIZE, count - page * PAGE_SIZE) }, (_, i) =>
      dispatchOf(page * PAGE_SIZE + i + 1),
    ),
  );
  return {
    async *list(): AsyncGenerator<DispatchPage> {
      for (let dispatches = pages.shift(); dispatches !== undefined; dispatches = pages.shift()) {
        yield { dispatches, problems: [] };
      }
    },
    watch: ({ signal }) => ({
      opened: Promise.resolve(),
      async *[Symbol.asyncIterator]() {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    }),
  };
}

/** One in four has a rule. */
export function dispatchOf(id: number): DispatchRecord {
  return {
    id,
    microgridId: 1,
    type: 'CHARGE',
    startTimeMs: START_MS + Math.floor((id - 1) / PER_SECOND) * 1_000,
    durationMs: 3_600_000,
    selector: { ids: [id] },
    active: true,
    dryRun: false,
    payload: { kw: id },
    recurrence: id % 4 === 0 ? { frequency: 'DAILY', interval: 1, byWeekdays: ['MONDAY', 'FRIDAY'] } : null,
    createTime: `2026-02-01T00:00:00.${String(id).padStart(9, '0')}Z`,
    updateTime: `2026-03-01T00:00:00.${String(id).padStart(9, '0')}Z`,
    endTimeMs: null,
  };
}

function counter(expected: number): { add: () => void; check: () => void } {
  let count = 0;
  return {
    add: () => {
      count += 1;
    },
    check: () => check(count === expected, `${expected} notifications were expected, ${count} came`),
  };
}

function timed(count: number, work: () => void): number {
  const startMs = performance.now();
  work();
  return ((performance.now() - startMs) * 1000) / count;
}

function best(costs: readonly Cost[]): Cost {
  const least = (figure: keyof Cost) => Math.min(...costs.map(cost => cost[figure]));
  return { loadUs: least('loadUs'), notificationUs: least('notificationUs'), bytes: costs[0]?.bytes ?? Number.NaN };
}
