import type { Command } from 'commander';
import { type AnyActorRef, createActor } from 'xstate';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import { simulateRuns } from '../../machines/pool/simulateRuns.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { dispatchRecord } from '../../src/testing/dispatchRecord.js';
import { bareMachine } from './bareMachine.js';
import { check, median, positiveInteger, round } from './figures.js';
import type { Report } from './report.js';

const NAME = 'simulate';
const FROM_MS = Date.UTC(2026, 2, 2);
const DAY_MS = 86_400_000;
const DISPATCHES = 1_000;

interface Options {
  readonly days: number;
  readonly rounds: number;
}

/**
 * What a notification costs a simulation, from the records to the last one; and in the same run the machine of a dispatch alone, which
 * is told the time by nobody but this benchmark, and the least XState machine that emits one event for one event.
 */
export function simulateBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('what a simulated notification costs, beside the machine of a dispatch alone')
    .option('--days <n>', 'days of 2,000 notifications', positiveInteger, 50)
    .option('--rounds <n>', 'rounds of which the median counts: the machine may be shared', positiveInteger, 5)
    .action(({ days, rounds }: Options) => {
      const count = 2 * DISPATCHES * days;
      const ways = { simulation, machine: machinesAlone, bareMachine: bareMachines };
      const costs = { simulation: [] as number[], machine: [] as number[], bareMachine: [] as number[] };
      // The first round is for the compiler.
      for (let i = 0; i <= rounds; i++) {
        for (const way of ['simulation', 'machine', 'bareMachine'] as const) {
          const startMs = performance.now();
          ways[way](count);
          if (i > 0) costs[way].push(((performance.now() - startMs) * 1_000) / count);
        }
      }
      const ratios = costs.simulation.map((us, i) => us / (costs.machine[i] as number));
      report(NAME, {
        count,
        notificationUs: round(median(costs.simulation)),
        machineUs: round(median(costs.machine)),
        bareMachineUs: round(median(costs.bareMachine)),
        ratioToMachine: round(median(ratios)),
        worstRatioToMachine: round(Math.max(...ratios)),
        perSecond: Math.round(1_000_000 / median(costs.simulation)),
      });
    });
}

function simulation(count: number): void {
  let told = 0;
  for (const _ of simulateRuns(records(), { fromMs: FROM_MS, toMs: toMs(count) })) told += 1;
  check(told === count, `${told} of ${count} notifications came`);
}

/** Each machine is sent its `timer.due` events one after the other: no agenda, no order among dispatches. */
function machinesAlone(count: number): void {
  let told = 0;
  for (const dispatch of records()) {
    const actor = createActor(dispatchMachine, { input: { dispatch, atMs: FROM_MS } });
    actor.on('*', () => {
      told += 1;
    });
    actor.start();
    for (;;) {
      const { nextChange } = actor.getSnapshot().context;
      if (nextChange === null || nextChange.atMs >= toMs(count)) break;
      actor.send({ type: 'timer.due', atMs: nextChange.atMs });
    }
    actor.stop();
  }
  check(told === count, `${told} of ${count} notifications came`);
}

function bareMachines(count: number): void {
  let told = 0;
  const actors: AnyActorRef[] = [];
  for (let i = 0; i < count; i++) {
    const actor = createActor(bareMachine, { id: String(i) });
    actor.on('started', () => {
      told += 1;
    });
    actors.push(actor.start());
  }
  for (const actor of actors) actor.send({ type: 'start' });
  check(told === count, `${told} of ${count} notifications came`);
}

/** Dispatches that start and stop once a day, each at a time of its own. */
function* records(): Generator<DispatchRecord> {
  for (let id = 1; id <= DISPATCHES; id++) {
    yield dispatchRecord({
      id,
      type: id % 2 === 0 ? 'CHARGE' : 'DISCHARGE',
      startTimeMs: FROM_MS + id * 80_000,
      durationMs: 60_000,
      selector: { ids: [id] },
      payload: { kw: id },
      recurrence: { frequency: 'DAILY', interval: 1 },
    });
  }
}

/** The end of the days in which so many notifications come. */
function toMs(count: number): number {
  return FROM_MS + (count / (2 * DISPATCHES)) * DAY_MS;
}
