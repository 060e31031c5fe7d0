import { percentile } from '../../bench/figures.js';
import type { FaultTimes } from './connectionFaults.js';
import { type Convergence, playLane } from './lane.js';
import type { Peer } from './peer.js';

/** What dispatchers of one service go through. */
export interface DisturbPlan {
  /** Faults in all. */
  readonly faults: number;
  /** Dispatchers at the same time, each with a microgrid and a connection of its own. */
  readonly lanes: number;
  readonly seed: number;
  readonly times: FaultTimes;
}

/** How soon dispatchers had the truth again, in milliseconds. */
export type ConvergeFigures = {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** The same, beyond the waits that had been planned when the other side was back. */
  readonly p99BeyondWaitMs: number;
  /** Faults after which a dispatcher listed all dispatches, and did not go on where it was. */
  readonly listed: number;
};

/** What a run came to. */
export interface DisturbReport {
  readonly faults: number;
  readonly changes: number;
  readonly lifecycleEvents: number;
  readonly runNotifications: number;
  readonly lost: number;
  readonly doubled: number;
  readonly byGroup: Readonly<Record<string, ConvergeFigures>>;
  readonly byKind: Readonly<Record<string, ConvergeFigures>>;
}

/**
 * Lets faults happen to the connections of dispatchers, side by side, and compares what they hold and what they said with what their
 * service did.
 *
 * @throws Error with what is wrong.
 */
export async function disturbDispatchers(peer: Peer, plan: DisturbPlan): Promise<DisturbReport> {
  const { faults, lanes, seed, times } = plan;
  const each = Array.from({ length: Math.min(lanes, faults) }, (_, i) =>
    playLane({
      peer,
      microgridId: i + 1,
      faults: Math.floor(faults / lanes) + (i < faults % lanes ? 1 : 0),
      seed: seed * 1_000 + i,
      firstKind: i,
      times,
    }),
  );
  const settled = await Promise.allSettled(each);
  const failed = settled.flatMap(result => (result.status === 'rejected' ? [result.reason] : []));
  if (failed.length > 0)
    throw new Error(failed.map(error => (error instanceof Error ? error.message : error)).join('\n'));
  const reports = await Promise.all(each);
  const sum = (of: 'changes' | 'lifecycleEvents' | 'runNotifications') =>
    reports.reduce((total, report) => total + report[of], 0);
  const convergences = reports.flatMap(report => report.convergences);
  return {
    faults: convergences.length,
    changes: sum('changes'),
    lifecycleEvents: sum('lifecycleEvents'),
    runNotifications: sum('runNotifications'),
    lost: 0,
    doubled: 0,
    byGroup: figuresBy(convergences, 'group'),
    byKind: figuresBy(convergences, 'kind'),
  };
}

function figuresBy(convergences: readonly Convergence[], what: 'kind' | 'group'): Record<string, ConvergeFigures> {
  const names = [...new Set(convergences.map(each => each[what]))].sort();
  return Object.fromEntries(names.map(name => [name, figures(convergences.filter(each => each[what] === name))]));
}

function figures(convergences: readonly Convergence[]): ConvergeFigures {
  const ms = convergences.map(each => each.ms);
  const beyond = convergences.map(each => each.beyondWaitMs);
  return {
    count: ms.length,
    p50Ms: Math.round(percentile(ms, 0.5)),
    p99Ms: Math.round(percentile(ms, 0.99)),
    maxMs: Math.round(Math.max(...ms)),
    p99BeyondWaitMs: Math.round(percentile(beyond, 0.99)),
    listed: convergences.filter(({ listed }) => listed).length,
  };
}
