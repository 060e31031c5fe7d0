import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { dispatchRecord, hourMs } from '../support/dispatchRecord.js';
import { check, percentile, positiveInteger, preciseClock, round } from './figures.js';
import { measureFirstBurst } from './firstBurst.js';
import { inFreshProcess } from './freshProcess.js';
import type { Report } from './report.js';

const NAME = 'lateness';
const BURST_COUNT = 1_000;
/** Between the set-up of a measurement and the first instant that counts. */
const LEAD_MS = 1_500;
/** The protocol knows no shorter run. */
const SHORTEST_RUN_MS = 1_000;
/** After the last instant that counts, for what comes late or twice. */
const GRACE_MS = 500;

/** A dispatch to measure: it starts, and perhaps stops, at an instant in milliseconds since the epoch. */
interface Plan {
  readonly id: number;
  readonly startMs: number;
  readonly stopMs: number | null;
}

interface Task {
  /** Dispatches that start and stop at any millisecond within some seconds; then come 1,000 that start at one instant. */
  readonly count: number;
  readonly seconds: number;
}

/** How late each start and stop was noticed, in milliseconds, by the id of its dispatch. */
type Measure = (plans: readonly Plan[]) => Promise<{ id: number; latenessMs: number }[]>;

/**
 * How late starts and stops reach a receiver by the clock of this computer: spread over some seconds, and of 1,000 at one
 * instant after that, the latter also in a process that has only just started. Beside it, in turn, a bare `setTimeout` for each,
 * which tells what the machine can do. Then the first burst in a process that was idle ({@link measureFirstBurst}).
 */
export function latenessBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('how late starts and stops reach a receiver, beside a bare setTimeout for each')
    .option('--count <n>', 'dispatches, each with a start and a stop', positiveInteger, 10_000)
    .option('--seconds <n>', 'how long they are spread over', positiveInteger, 20)
    .option('--first-bursts <n>', 'first bursts of which the median counts', positiveInteger, 5)
    .option('--idle <s>', 'how long a process does nothing before its first burst, in seconds', positiveInteger, 5)
    .action(async ({ firstBursts, idle, ...task }: Task & { firstBursts: number; idle: number }) => {
      const nothing = { count: 0, seconds: 0 };
      const bare = await inFreshProcess(import.meta.url, timeoutsOnce, task);
      const bareCold = await inFreshProcess(import.meta.url, timeoutsOnce, nothing);
      const own = await inFreshProcess(import.meta.url, dispatchesOnce, task);
      const ownCold = await inFreshProcess(import.meta.url, dispatchesOnce, nothing);
      report(NAME, {
        ...task,
        p50Ms: round(own.p50Ms),
        p99Ms: round(own.p99Ms),
        maxMs: round(own.maxMs),
        lastOf1000Ms: round(own.lastOf1000Ms),
        lastOfFirst1000Ms: round(ownCold.lastOf1000Ms),
        bareP50Ms: round(bare.p50Ms),
        bareP99Ms: round(bare.p99Ms),
        bareMaxMs: round(bare.maxMs),
        bareLastOf1000Ms: round(bare.lastOf1000Ms),
        bareLastOfFirst1000Ms: round(bareCold.lastOf1000Ms),
      });
      report(NAME, await measureFirstBurst(firstBursts, idle));
    });
}

/** @public Run by name in a process of its own. */
export async function dispatchesOnce(task: Task) {
  return measureOnce(task, latenessOfDispatches);
}

/** @public Run by name in a process of its own. */
export async function timeoutsOnce(task: Task) {
  return measureOnce(task, latenessOfTimeouts);
}

async function measureOnce({ count, seconds }: Task, measure: Measure) {
  const fromMs = Date.now() + LEAD_MS;
  const untilMs = fromMs + seconds * 1_000;
  const spread = Array.from({ length: count }, (_, i) => {
    const startMs = randomInteger(fromMs, untilMs - SHORTEST_RUN_MS);
    return { id: i + 1, startMs, stopMs: randomInteger(startMs + SHORTEST_RUN_MS, untilMs) };
  });
  const burst = Array.from({ length: BURST_COUNT }, (_, i) => ({
    id: count + i + 1,
    startMs: untilMs + LEAD_MS,
    stopMs: null,
  }));
  const noticed = await measure([...spread, ...burst]);
  const latenessOf = (isOfBurst: boolean) =>
    noticed.flatMap(({ id, latenessMs }) => (id > count === isOfBurst ? latenessMs : []));
  return {
    p50Ms: percentile(latenessOf(false), 0.5),
    p99Ms: percentile(latenessOf(false), 0.99),
    maxMs: percentile(latenessOf(false), 1),
    lastOf1000Ms: percentile(latenessOf(true), 1),
  };
}

async function latenessOfDispatches(plans: readonly Plan[]): ReturnType<Measure> {
  const nowMs = preciseClock();
  const transport = memoryTransport(
    plans.map(({ id, startMs, stopMs }) =>
      dispatchRecord({ id, startTimeMs: startMs, durationMs: (stopMs ?? startMs + hourMs) - startMs }),
    ),
  );
  await using dispatcher = new Dispatcher({ microgridId: 1, transport });
  const receiver = dispatcher.runningStatusChange.newReceiver({ includeScheduledEnd: true });
  await dispatcher.start();
  await dispatcher.ready();
  const expected = new Map(Array.from(dues(plans), ({ due, atMs }) => [due, atMs]));
  const endMs = Math.max(0, ...expected.values()) + GRACE_MS;
  const timer = setTimeout(() => receiver.close(), endMs - Date.now());
  const noticed: Awaited<ReturnType<Measure>> = [];
  for await (const { id, change } of receiver) {
    const due = `${id} ${change?.kind}`;
    const atMs = expected.get(due);
    check(atMs !== undefined, `${due} came twice, or was not to come`);
    check(Date.now() >= atMs, `${due} came early`);
    noticed.push({ id, latenessMs: nowMs() - atMs });
    expected.delete(due);
  }
  clearTimeout(timer);
  check(expected.size === 0 && receiver.coalesced === 0, `${expected.size} starts or stops did not come`);
  return noticed;
}

async function latenessOfTimeouts(plans: readonly Plan[]): ReturnType<Measure> {
  const nowMs = preciseClock();
  const noticed: Awaited<ReturnType<Measure>> = [];
  const expected = [...dues(plans)];
  for (const { id, atMs } of expected) {
    setTimeout(() => noticed.push({ id, latenessMs: nowMs() - atMs }), atMs - Date.now());
  }
  await sleep(Math.max(0, ...expected.map(({ atMs }) => atMs)) + GRACE_MS - Date.now());
  check(noticed.length === expected.length, `${noticed.length} of ${expected.length} timeouts came`);
  return noticed;
}

/** What a receiver is to be told of each plan, and when. */
function* dues(plans: readonly Plan[]): Generator<{ due: string; id: number; atMs: number }> {
  for (const { id, startMs, stopMs } of plans) {
    yield { due: `${id} started`, id, atMs: startMs };
    if (stopMs !== null) yield { due: `${id} stopped`, id, atMs: stopMs };
  }
}

function randomInteger(from: number, to: number): number {
  return from + Math.floor(Math.random() * (to - from + 1));
}
