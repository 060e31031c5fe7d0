import { runAt, startAtOrAfter, startsBetween } from '../model/schedule.js';
import { wholeRecord } from './planNotes.js';
import type { DispatchPlan } from './planned.js';

/** What is left of a plan at an instant. */
export type RemainingPlan =
  /** All of it, or, when its start is past, its runs from the next one on, as a plan that has exactly these. */
  | { readonly kind: 'whole' | 'rest'; readonly plan: DispatchPlan }
  /** Only a run that is on: no plan has that run and a start that is not past. */
  | { readonly kind: 'on' }
  /** Nothing. */
  | { readonly kind: 'over' };

/** Services take a start that is up to five seconds ago. */
const PAST_MS = 5_000;

/**
 * The plan that has the runs of a plan from an instant on. A rule continues from one of its occurrences as it would have: what its lists leave
 * open, and the phase of its interval, are the same there; a count is reduced by the runs before.
 *
 * @throws RangeError when the rule is invalid.
 */
export function remainingPlan(plan: DispatchPlan, nowMs: number): RemainingPlan {
  if (plan.startTimeMs >= nowMs - PAST_MS) return { kind: 'whole', plan };
  const record = { ...wholeRecord(plan), active: true };
  const startTimeMs = startAtOrAfter(record, nowMs);
  if (startTimeMs === null || plan.recurrence === null) {
    return { kind: runAt(record, nowMs) === null ? 'over' : 'on' };
  }
  const { count } = plan.recurrence;
  if (count === undefined) return { kind: 'rest', plan: { ...plan, startTimeMs } };
  let left = count;
  for (const _ of startsBetween(record, plan.startTimeMs, startTimeMs)) left -= 1;
  return { kind: 'rest', plan: { ...plan, startTimeMs, recurrence: { ...plan.recurrence, count: left } } };
}
