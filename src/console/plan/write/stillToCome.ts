import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { type Run, runAt } from '../../../model/schedule.js';
import { PlanError } from '../../../planning/planError.js';
import { type DispatchPlan, planOf } from '../../../planning/planned.js';
import { remainingPlan } from '../../../planning/remainingPlan.js';
import { spanText } from '../../../planning/timeText.js';

/** What is left of a dispatch. */
export interface StillToCome {
  readonly plan: DispatchPlan;
  /** Whether it starts at once: what is left of its last run. */
  readonly startsNow: boolean;
  /** What is not as it was, for people; null: nothing. */
  readonly note: string | null;
}

/** What is told of a rule whose run was on when it was deleted: only its next runs can come back. */
export const RUN_IS_LOST = 'Its run that was on does not come back: its next runs do.';

/**
 * What is left of a dispatch: a service takes no start in the past. Of its last run, when that is on, it is a run that starts now and ends when
 * that one would have.
 *
 * @throws PlanError FAILED_PRECONDITION when nothing is.
 */
export function stillToCome(record: DispatchRecord, nowMs: number): StillToCome {
  const left = remainingPlan(planOf(record), nowMs);
  const run = runAt({ ...record, active: true }, nowMs);
  if (left.kind === 'on' && run !== null) return { ...restOfRun(record, run, nowMs), startsNow: true };
  if (!('plan' in left))
    throw new PlanError('FAILED_PRECONDITION', `Dispatch ${record.id} cannot be put back: its runs are over.`);
  const isCut = left.kind === 'rest' && run !== null && record.active;
  return { plan: left.plan, startsNow: false, note: isCut ? RUN_IS_LOST : null };
}

function restOfRun(record: DispatchRecord, { endMs }: Run, nowMs: number): Omit<StillToCome, 'startsNow'> {
  // A service takes durations in whole seconds.
  const durationMs = endMs === null ? null : Math.max(1, Math.round((endMs - nowMs) / 1000)) * 1000;
  const rest = durationMs === null ? 'without end' : spanText(durationMs);
  return {
    plan: { ...planOf(record), startTimeMs: nowMs, durationMs, recurrence: null },
    note: `It starts now with what is left of its run: ${rest}.`,
  };
}
