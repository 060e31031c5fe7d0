import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import type { PartPlan } from './groupParts.js';
import { endOf, fromNow, isOn, partOf } from './partTimes.js';

/** A part of a group, and the dispatch that is to become it. */
export interface Matched {
  /** As the group means it. */
  readonly whole: PartPlan;
  /** As it is written: perhaps with another start. */
  readonly part: PartPlan;
  /** Null: it is created. */
  readonly record: DispatchRecord | null;
}

/** Options of {@link matchParts}. */
export interface MatchOptions {
  readonly nowMs: number;
  /** Whether people know the group by the lowest id of its dispatches, as a dispatch of which runs are skipped. */
  readonly isKnownById: boolean;
}

/**
 * Finds for each part the dispatch that is to become it. In this order:
 *
 * 1. One that is on keeps its id and its start for a part that goes on, so that it is reconfigured and not stopped.
 * 2. One that has the start of a part.
 * 3. One that began and overlaps a part, with its start where the runs to come are the same, else with that of the next run.
 * 4. When people know the group by its lowest id, that one takes, rather than being deleted, the place of a dispatch that has not begun or is not
 *    there yet: of several that of the highest id.
 *
 * @param wanted the parts, in the order of their start
 * @param records the dispatches that are not over
 * @returns a match for each part that has a run to come
 */
export function matchParts(
  wanted: readonly PartPlan[],
  records: readonly DispatchRecord[],
  { nowMs, isKnownById }: MatchOptions,
): Matched[] {
  const found = new Map<PartPlan, Matched>();
  const free = new Set(records);
  const take = (matches: (part: PartPlan, record: DispatchRecord) => PartPlan | null) => {
    for (const whole of wanted) {
      if (found.has(whole)) continue;
      for (const record of free) {
        const part = matches(whole, record);
        if (part === null) continue;
        free.delete(record);
        found.set(whole, { whole, part, record });
        break;
      }
    }
  };
  const sameStart = (part: PartPlan, record: DispatchRecord) => (part.startTimeMs === record.startTimeMs ? part : null);
  const keptStart = (part: PartPlan, record: DispatchRecord) =>
    overlaps(part, record) ? keepingStart(part, record.startTimeMs, nowMs) : null;
  take((part, record) =>
    record.active && isOn(partOf(record), nowMs) && isOn(part, nowMs)
      ? (sameStart(part, record) ?? keptStart(part, record))
      : null,
  );
  take(sameStart);
  take(keptStart);
  take((part, record) => (overlaps(part, record) ? fromNow(part, nowMs) : null));
  const matched = wanted.flatMap((whole): Matched[] => {
    const part = fromNow(whole, nowMs);
    const match = found.get(whole);
    if (match !== undefined) return [match];
    return part === null ? [] : [{ whole, part, record: null }];
  });
  return isKnownById ? keepingLowest(matched, records, nowMs) : matched;
}

/** Gives the dispatch with the lowest id, where it has no part, one that has not begun. */
function keepingLowest(matched: readonly Matched[], records: readonly DispatchRecord[], nowMs: number): Matched[] {
  const [lowest] = [...records].sort((a, b) => a.id - b.id);
  if (lowest === undefined || matched.some(({ record }) => record === lowest)) return [...matched];
  const idOf = ({ record }: Matched) => record?.id ?? Number.MAX_SAFE_INTEGER;
  const [place] = matched.filter(({ whole }) => whole.startTimeMs > nowMs).sort((a, b) => idOf(b) - idOf(a));
  return matched.map(match => (match === place ? { ...match, part: match.whole, record: lowest } : match));
}

/** The part with the start of a dispatch that has begun; null when its runs from now on would be others. */
function keepingStart(part: PartPlan, startTimeMs: number, nowMs: number): PartPlan | null {
  if (startTimeMs > nowMs) return null;
  const [wanted, kept] = [occurrences(part.rule, part.startTimeMs), occurrences(part.rule, startTimeMs)];
  const next = wanted.after(nowMs);
  // Of one rule, starts that have one occurrence in common have all later ones in common, up to the end of a count.
  const last = Number.POSITIVE_INFINITY;
  const isSame = next === kept.after(nowMs) && (next === null || wanted.before(last) === kept.before(last));
  return isSame ? { ...part, startTimeMs } : null;
}

function overlaps(part: PartPlan, record: DispatchRecord): boolean {
  return part.startTimeMs < endOf(partOf(record)) && record.startTimeMs < endOf(part);
}
