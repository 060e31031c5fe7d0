import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { selectorEquals } from '../../model/selector.js';
import type { DeliveredRun } from '../travel/deliveryRecorder.js';
import type { Interval, PicturedRun } from './segment.js';
import type { PicturedVersion } from './segmentsOf.js';
import { thinRuns } from './thinRuns.js';

/**
 * Adds what was delivered to dispatches as they are now, where it is not what their runs say: the dispatch has been deleted, paused, moved or
 * changed in another way since. Their own runs are shown for the rest of the time.
 */
export function withDelivered(
  versions: readonly PicturedVersion[],
  delivered: readonly DeliveredRun[],
): readonly PicturedVersion[] {
  if (delivered.length === 0) return versions;
  const ids = new Set(delivered.map(({ record }) => record.id));
  const records = new Map<number, DispatchRecord>();
  for (const { record } of versions) if (ids.has(record.id)) records.set(record.id, record);
  const apart = delivered.filter(run => !isAsPlanned(run, records.get(run.record.id)));
  if (apart.length === 0) return versions;
  const times = new Map<number, Interval[]>();
  for (const { record, startMs, endMs } of apart) {
    const known = times.get(record.id);
    if (known === undefined) times.set(record.id, [{ startMs, endMs }]);
    else known.push({ startMs, endMs });
  }
  return [
    ...versions.map(version => {
      const deliveredTimes = times.get(version.record.id);
      return deliveredTimes === undefined ? version : { ...version, deliveredTimes: apartInOrder(deliveredTimes) };
    }),
    ...apart.map(({ record }) => ({
      record,
      fromMs: Number.NEGATIVE_INFINITY,
      toMs: Number.POSITIVE_INFINITY,
      isDelivered: true,
    })),
  ];
}

// Both are immutable: what did not change is not evaluated again.
const known = new WeakMap<DeliveredRun, { readonly record: DispatchRecord; readonly isAsPlanned: boolean }>();

/** Whether a dispatch as it is now has just the run that was delivered. */
function isAsPlanned(delivered: DeliveredRun, record: DispatchRecord | undefined): boolean {
  if (record === undefined || !record.active) return false;
  const found = known.get(delivered);
  if (found?.record === record) return found.isAsPlanned;
  const answer = { record, isAsPlanned: isSameWork(delivered, record) && hasRun(record, delivered) };
  known.set(delivered, answer);
  return answer.isAsPlanned;
}

function isSameWork({ record: { type, selector, dryRun } }: DeliveredRun, now: DispatchRecord): boolean {
  return type === now.type && dryRun === now.dryRun && selectorEquals(selector, now.selector);
}

function hasRun(record: DispatchRecord, { startMs, endMs, isOn }: DeliveredRun): boolean {
  try {
    const [own] = thinRuns(record, startMs, startMs + 1, 1);
    return own !== undefined && own.startMs === startMs && (isOn || own.endMs === endMs);
  } catch (error) {
    // The picture says why it cannot be evaluated.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Times in order, those that overlap as one: a clock that was set back leaves such ones. */
function apartInOrder(times: readonly Interval[]): Interval[] {
  const apart: Interval[] = [];
  for (const time of [...times].sort((a, b) => a.startMs - b.startMs)) {
    const last = apart.at(-1);
    if (last === undefined || last.endMs <= time.startMs) apart.push(time);
    else apart[apart.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, time.endMs) };
  }
  return apart;
}

/**
 * What is left of runs without the times in which they, or others in their place, were delivered.
 *
 * @param runs in the order of their start
 * @param times in order, and none overlaps another
 */
export function withoutTimes(runs: readonly PicturedRun[], times: readonly Interval[]): PicturedRun[] {
  let first = 0;
  return runs.flatMap(run => {
    while (first < times.length && (times[first]?.endMs ?? 0) <= run.startMs) first += 1;
    // Of several runs some were delivered.
    const rest = run.isMerged ? run : { ...run, isDelivered: false };
    const left: PicturedRun[] = [];
    let { startMs } = run;
    let index = first;
    for (let time = times[index]; time !== undefined && time.startMs < run.endMs; time = times[index]) {
      if (startMs < time.startMs) left.push({ ...rest, startMs, endMs: time.startMs });
      startMs = time.endMs;
      index += 1;
    }
    if (index === first) return run;
    return startMs < run.endMs ? [...left, { ...rest, startMs }] : left;
  });
}
