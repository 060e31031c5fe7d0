import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { startAtOrAfter } from '../../model/schedule.js';
import { groupOf } from '../../planning/groups/group.js';
import { partsOf } from '../../planning/groups/groupParts.js';

/** What is planned by a dispatch; of a part of a group all that the group means, as the payload tells it. */
export function plansOf(record: DispatchRecord): readonly DispatchRecord[] {
  const group = groupOf(record.payload)?.group;
  if (group === undefined) return [record];
  try {
    return partsOf(group).map(({ rule, ...times }) => ({ ...record, ...times, recurrence: rule }));
  } catch (error) {
    // A zone or a rule that is not known here: the part itself can be told.
    if (error instanceof RangeError) return [record];
    throw error;
  }
}

/**
 * The next starts of what is planned, in order; none of an inactive dispatch.
 *
 * @param limit Maximum number of starts.
 */
export function nextStarts(plans: readonly DispatchRecord[], nowMs: number, limit: number): number[] {
  const starts = plans.flatMap(plan => (plan.active ? firstStarts(plan, nowMs, limit) : []));
  return [...new Set(starts)].sort((a, b) => a - b).slice(0, limit);
}

function firstStarts(plan: DispatchRecord, nowMs: number, limit: number): number[] {
  const found: number[] = [];
  try {
    for (let atMs = nowMs; found.length < limit; ) {
      const next = startAtOrAfter(plan, atMs);
      if (next === null) break;
      found.push(next);
      atMs = next + 1;
    }
  } catch (error) {
    // The state says why it cannot be evaluated.
    if (!(error instanceof RangeError)) throw error;
  }
  return found;
}
