import type { DeliveredPart } from '../session/sessionPort.js';
import type { Interval } from '../timeline/segment.js';
import { type DeliveredRun, DeliveryRecorder } from './deliveryRecorder.js';

/** What a dispatcher beside the console has announced in the past. */
export interface DeliveredRuns {
  /** From when on that is known, milliseconds since the epoch. */
  readonly fromMs: number;
  /** When starts were missed, by dispatch: from the first to the last, both included. */
  readonly missed: ReadonlyMap<number, readonly Interval[]>;
  /** What was delivered of runs. */
  readonly runs: readonly DeliveredRun[];
  /** When it was read, milliseconds since the epoch. */
  readonly toMs: number;
}

/** Reads what was delivered, and what was not, from a part of a history; null when it is empty. */
export function deliveredRuns(
  { entries }: DeliveredPart,
  { microgridId, toMs }: { readonly microgridId: number; readonly toMs: number },
): DeliveredRuns | null {
  const [oldest] = entries;
  if (oldest === undefined) return null;
  const missed = new Map<number, readonly Interval[]>();
  const recorder = new DeliveryRecorder(microgridId);
  for (const entry of entries) {
    const { id, notification, firstMs, lastMs } = entry;
    recorder.add(entry);
    if (notification !== 'run.missed' || firstMs === undefined || lastMs === undefined) continue;
    missed.set(id, [...(missed.get(id) ?? []), { startMs: firstMs, endMs: lastMs }]);
  }
  return { fromMs: oldest.atMs, missed, runs: recorder.runs, toMs };
}

/** Missed starts of two sources together. */
export function allMissed(
  a: ReadonlyMap<number, readonly Interval[]>,
  b: ReadonlyMap<number, readonly Interval[]>,
): ReadonlyMap<number, readonly Interval[]> {
  if (a.size === 0) return b;
  const all = new Map(a);
  for (const [id, intervals] of b) all.set(id, [...(all.get(id) ?? []), ...intervals]);
  return all;
}
