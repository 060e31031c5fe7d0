import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import { type PartPlan, withoutCount } from './groupParts.js';

/** A start time that a service still takes after the time that the writes may need. */
export const LEAD_MS = 2_000;

/** The part without the runs that have begun: a service refuses a start in the past. Null when none is left. */
export function fromNow(part: PartPlan, nowMs: number): PartPlan | null {
  if (part.startTimeMs >= nowMs) return part;
  const startTimeMs = occurrences(part.rule, part.startTimeMs).after(nowMs + LEAD_MS);
  return startTimeMs === null ? null : { ...part, startTimeMs, rule: withoutCount(part) };
}

/** Whether a run of a part is on. */
export function isOn({ startTimeMs, durationMs, rule }: PartPlan, nowMs: number): boolean {
  const startMs = occurrences(rule, startTimeMs).before(nowMs);
  return startMs !== null && nowMs < startMs + durationMs;
}

/** The end of the last run. */
export function endOf({ startTimeMs, durationMs, rule }: PartPlan): number {
  if (rule.count === undefined && rule.untilMs === undefined) return Number.POSITIVE_INFINITY;
  const lastMs = occurrences(rule, startTimeMs).before(Number.POSITIVE_INFINITY);
  return (lastMs ?? startTimeMs) + durationMs;
}

/** What a dispatch runs. */
export function partOf({ startTimeMs, durationMs, recurrence }: DispatchRecord): PartPlan {
  // Another program may have removed what a group gives each of its dispatches.
  const rule = recurrence ?? { frequency: 'DAILY', interval: 1, count: 1 };
  return { startTimeMs, durationMs: durationMs ?? Number.POSITIVE_INFINITY, rule };
}
