import { median } from '../../bench/figures.js';
import type { StorePlace } from '../../support/stores.js';
import type { Counts } from '../faultList.js';
import { type AttackPlan, type AttackReport, attackService } from './attackService.js';

/** Rounds of a full run, of which the best counts: the machine may be shared. */
const ROUNDS = 3;
/** How long a client without malice may wait, in parts of what it waits without an attack, or in any case; and a health check. */
const MAX_GROWTH = 5;
const ALLOWED_MS = 50;
const MAX_HEALTH_MS = 1_000;

/**
 * Attacks a service, in a full run several times, and tells how long others waited; figures are medians of the rounds.
 *
 * @throws Error when others were not served, or in a full run waited too long in every round.
 */
export async function judgedAttacks(
  place: StorePlace,
  { seconds, ...plan }: AttackPlan,
  isFull: boolean,
): Promise<Counts> {
  const rounds = isFull ? ROUNDS : 1;
  const reports: AttackReport[] = [];
  for (let round = 0; round < rounds; round += 1) {
    reports.push(await attackService(place, { ...plan, seconds: seconds / rounds, seed: plan.seed + round }));
  }
  const quick = reports.filter(
    ({ quietP99Ms, p99Ms, slowestHealthMs }) =>
      p99Ms <= Math.max(MAX_GROWTH * quietP99Ms, ALLOWED_MS) && slowestHealthMs <= MAX_HEALTH_MS,
  );
  if (isFull && quick.length === 0) throw new Error(`others waited too long: ${JSON.stringify(reports)}`);
  const of = (figure: (report: AttackReport) => number) => median(reports.map(figure));
  const last = reports.at(-1)?.outcomes ?? {};
  return {
    rounds,
    quickRounds: quick.length,
    quietP99Ms: of(({ quietP99Ms }) => quietP99Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    slowestHealthMs: of(({ slowestHealthMs }) => slowestHealthMs),
    attackerCpuShare: of(({ attackerCpuShare }) => attackerCpuShare),
    outcomes: Object.fromEntries(Object.entries(last).map(([outcome, count]) => [outcome, { count }])),
  };
}
