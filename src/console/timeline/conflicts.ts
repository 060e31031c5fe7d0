import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { selectorClaims } from '../../model/selector.js';
import type { Interval, PicturedRun } from './segment.js';

/** When different dispatches run that may mean the same component. */
export interface Conflicts {
  /** The times within a run at which another run may mean one of its components, in order. */
  within(run: PicturedRun): Interval[];
}

interface Edge {
  readonly atMs: number;
  /** 1: a run begins; -1: it ends. */
  readonly step: 1 | -1;
  readonly share: string | null;
}

/**
 * Finds overlaps without comparing each run with each, by what their selectors claim (`selectorClaims`). Inactive dispatches must be left out;
 * dry runs overlap only dry runs.
 */
export function findConflicts(runs: readonly PicturedRun[]): Conflicts {
  const edges = new Map<string, Edge[]>();
  for (const { record, startMs, endMs } of runs) {
    // It is over at once, and takes the time of none.
    if (endMs === startMs) continue;
    for (const [thing, share] of claimsOf(record)) {
      const list = edges.get(thing) ?? [];
      if (list.length === 0) edges.set(thing, list);
      list.push({ atMs: startMs, step: 1, share }, { atMs: endMs, step: -1, share });
    }
  }
  const conflicts = new Map([...edges].map(([thing, list]) => [thing, conflictsAmong(list)]));
  return {
    within: ({ record, startMs, endMs }) =>
      union([...claimsOf(record)].flatMap(([thing]) => overlapping(conflicts.get(thing) ?? [], startMs, endMs))).map(
        interval => ({
          startMs: Math.max(interval.startMs, startMs),
          endMs: Math.min(interval.endMs, endMs),
        }),
      ),
  };
}

const known = new WeakMap<DispatchRecord, ReadonlyMap<string, string | null>>();

function claimsOf(record: DispatchRecord): ReadonlyMap<string, string | null> {
  let claims = known.get(record);
  if (claims === undefined) {
    const kind = record.dryRun ? 'dry run' : 'run';
    claims = new Map([...selectorClaims(record.selector)].map(([thing, share]) => [`${kind}: ${thing}`, share]));
    known.set(record, claims);
  }
  return claims;
}

/** When a thing is claimed by two that do not share it. Then all that claim it overlap another one. */
function conflictsAmong(edges: Edge[]): Interval[] {
  // What ends at an instant does not overlap what begins at it.
  edges.sort((a, b) => a.atMs - b.atMs || a.step - b.step);
  const conflicts: Interval[] = [];
  const shares = new Map<string, number>();
  let [claims, unshared, sinceMs] = [0, 0, null as number | null];
  for (const { atMs, step, share } of edges) {
    claims += step;
    if (share === null) unshared += step;
    else if (step === -1 && shares.get(share) === 1) shares.delete(share);
    else shares.set(share, (shares.get(share) ?? 0) + step);
    const isConflict = claims > 1 && (unshared > 0 || shares.size > 1);
    if (isConflict && sinceMs === null) sinceMs = atMs;
    else if (!isConflict && sinceMs !== null) {
      if (atMs > sinceMs) conflicts.push({ startMs: sinceMs, endMs: atMs });
      sinceMs = null;
    }
  }
  return conflicts;
}

/** Those of ordered intervals that touch a time. */
function overlapping(intervals: readonly Interval[], startMs: number, endMs: number): Interval[] {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle] as Interval).endMs <= startMs) low = middle + 1;
    else high = middle;
  }
  const found: Interval[] = [];
  for (let i = low; i < intervals.length; i += 1) {
    const interval = intervals[i] as Interval;
    if (interval.startMs >= endMs) break;
    found.push(interval);
  }
  return found;
}

/** Puts intervals that touch together, in order. */
export function union(intervals: readonly Interval[]): Interval[] {
  const ordered = [...intervals].sort((a, b) => a.startMs - b.startMs);
  const united: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of ordered) {
    const last = united.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else united.push({ startMs, endMs });
  }
  return united;
}
