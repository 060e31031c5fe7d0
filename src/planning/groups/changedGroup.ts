import { instantOf, offsetAt } from '../../model/recurrence/localTime.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import { InvalidPlan, PlanError } from '../planError.js';
import type { Group } from './group.js';
import { partsOf } from './groupParts.js';
import { movedExceptions, rebased } from './movedGroup.js';
import { newGroup } from './newGroup.js';

/** What is to change of the schedule of a group; what is missing stays. */
export interface ScheduleChange {
  readonly zone?: string | undefined;
  readonly startTimeMs?: number | undefined;
  /** As for a new group. */
  readonly localStartMs?: number | undefined;
  readonly durationMs?: number | undefined;
  /** Minute of the local day at which each run ends, in place of a duration. */
  readonly toMinute?: number | undefined;
  /** In local time; without an end of its own it ends when the group does. */
  readonly rule?: RecurrenceRule | undefined;
  /** The last instant at which a run may start. */
  readonly untilMs?: number | undefined;
}

/**
 * The group with another schedule. Its skipped runs move with it: {@link movedExceptions}.
 *
 * @throws InvalidPlan when a schedule is impossible.
 * @throws PlanError when this group cannot have it.
 */
export function changedGroup(group: Group, change: ScheduleChange, nowMs: number): Group {
  if (Object.values(change).every(value => value === undefined)) return group;
  const { startTimeMs = group.startTimeMs, durationMs, rule, toMinute } = change;
  if (group.zone === null) {
    const isLocal = change.zone !== undefined || toMinute !== undefined;
    if (isLocal || (change.untilMs !== undefined && rule === undefined)) {
      const needed = isLocal ? 'it takes no local time; create another one in its place' : 'give a whole rule';
      throw new PlanError(
        'FAILED_PRECONDITION',
        `Group ${group.id} is a dispatch with skipped runs, whose rule is in UTC: ${needed}.`,
      );
    }
    const changed = { ...group, startTimeMs, rule: rule ?? group.rule, durationMs: durationMs ?? group.durationMs };
    return withMovedRuns(group, changed);
  }
  const untilMs = change.untilMs ?? rule?.untilMs ?? lastTimeIn(change.zone, group);
  const wall: RecurrenceRule = { ...(rule ?? group.rule), ...(untilMs !== undefined && { untilMs }) };
  const isStartKept = change.startTimeMs === undefined && untilMs !== undefined;
  const changed = newGroup(
    {
      zone: change.zone ?? group.zone,
      startTimeMs: isStartKept ? rebased(group, untilMs, nowMs) : startTimeMs,
      localStartMs: isStartKept ? undefined : change.localStartMs,
      rule: wall,
      durationMs: durationMs ?? group.durationMs,
      toMinute: toMinute ?? (durationMs === undefined ? group.toMinute : null),
    },
    group.id,
  );
  return withMovedRuns(group, changed);
}

/**
 * The group with another schedule and its skipped runs where they are then.
 *
 * @throws InvalidPlan when all its runs would be skipped.
 */
export function withMovedRuns(before: Group, changed: Group): Group {
  const moved = { ...changed, exceptions: movedExceptions(before, changed) };
  // Nothing would hold that they are skipped.
  if (moved.exceptions.length > 0 && partsOf(moved).length === 0) {
    throw new InvalidPlan(`All runs of group ${before.id} would be skipped: pause or delete it.`);
  }
  return moved;
}

/** The end of a group, at the same time of the local clock in another zone. */
function lastTimeIn(zone: string | undefined, group: Group): number | undefined {
  const { untilMs, zone: own } = group;
  if (untilMs === null) return undefined;
  if (zone === undefined || own === null || zone === own) return untilMs;
  return instantOf(zone, untilMs + offsetAt(own, untilMs));
}
