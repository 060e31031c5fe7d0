import { createHash } from 'node:crypto';

import { instantOf } from '../../model/recurrence/localTime.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import { type Group, withGroup } from '../../planning/groups/group.js';
import { partsOf } from '../../planning/groups/groupParts.js';
import { groupTimeText } from '../../planning/groups/groupWords.js';
import { newGroup } from '../../planning/groups/newGroup.js';
import { type RunNote, runNotes } from '../../planning/groups/runNotes.js';
import type { DispatchPlan } from '../../planning/planned.js';
import { ofAnyRun, type ReadPlans } from './exchangeEntry.js';

/** What of an event one dispatch cannot have. */
export interface EventRuns {
  readonly uid: string | undefined;
  /** The zone of its start; null: UTC. */
  readonly zone: string | null;
  /** The local time of its start in that zone, as if it were UTC; whoever reads it tells of one that the zone skips. */
  readonly localStartMs: number;
  /** Starts of the runs that are left out (EXDATE), milliseconds since the epoch. */
  readonly exceptions: readonly number[];
}

/**
 * The dispatches of an event: one, or those of a group when its rule is in local time or leaves out runs. An event that is read again gives the
 * same group, one that was changed gives another.
 *
 * @throws RangeError, or InvalidPlan, that says what cannot be imported.
 */
export function plansOfEvent(plan: DispatchPlan, { uid, zone, localStartMs, exceptions }: EventRuns): ReadPlans {
  const { recurrence: rule, durationMs, startTimeMs } = plan;
  if (rule === null) {
    if (exceptions.length > 0) throw new RangeError('EXDATE needs an RRULE');
    return { plans: [plan] };
  }
  if (durationMs === null && (zone !== null || exceptions.length > 0)) {
    throw new RangeError('X-DISPATCH-NO-END cannot be used with EXDATE, or with an RRULE in a zone');
  }
  if (durationMs === null) return { plans: [plan] };
  const whole: Group =
    zone === null
      ? { id: NO_ID, zone, rule, startTimeMs, untilMs: null, durationMs, toMinute: null, exceptions: [] }
      : newGroup(
          { zone, startTimeMs, localStartMs, rule: ending(rule, localStartMs, zone), durationMs, toMinute: null },
          NO_ID,
        );
  const own = runsAmong(whole, exceptions);
  const unmatched = unmatchedNotes(
    whole,
    [...new Set(exceptions)].filter(at => !own.includes(at)),
  );
  if (zone === null && own.length === 0) return { plans: [plan], notes: [unmatched] };
  const group: Group = { ...whole, exceptions: own };
  const parts = partsOf(group);
  if (parts.length === 0) throw new RangeError('EXDATE leaves out all runs');
  const named = { ...group, id: idOf(uid, plan, group) };
  const plans = parts.map((part, index) => ({
    ...plan,
    startTimeMs: part.startTimeMs,
    recurrence: part.rule,
    payload: withGroup(plan.payload, { group: named, part: `${index + 1}/${parts.length}`, step: null, by: null }),
  }));
  const told = runNotes(named, true);
  const notes = parts.map(part => {
    const runs = occurrences(part.rule, part.startTimeMs);
    return told.filter(({ startMs }) => runs.after(startMs) === startMs);
  });
  const [first = [], ...others] = notes;
  return { plans, notes: [[...unmatched, ...first], ...others] };
}

const NO_ID = 'g00000000';

function idOf(uid: string | undefined, plan: DispatchPlan, group: Group): string {
  return `g${createHash('sha256')
    .update(JSON.stringify([uid, plan, group]))
    .digest('hex')
    .slice(0, 8)}`;
}

/** The rule with the instant of its last occurrence in place of a count. */
function ending({ count, ...rule }: RecurrenceRule, wallMs: number, zone: string): RecurrenceRule {
  if (count === undefined) {
    if (rule.untilMs === undefined) throw new RangeError('RRULE needs an UNTIL or a COUNT when DTSTART has a TZID');
    return rule;
  }
  const lastMs = occurrences({ ...rule, count }, wallMs).before(Number.POSITIVE_INFINITY);
  return { ...rule, untilMs: instantOf(zone, lastMs ?? wallMs) };
}

/** Maximum number of times that a note names. */
const MAX_NAMED = 3;

function unmatchedNotes(group: Group, instants: readonly number[]): RunNote[] {
  if (instants.length === 0) return [];
  const named = instants.slice(0, MAX_NAMED).map(at => groupTimeText(group, at));
  const more = instants.length > MAX_NAMED ? [`${instants.length - MAX_NAMED} more`] : [];
  return [ofAnyRun(`EXDATE leaves nothing out where no run starts: ${[...named, ...more].join(', ')}`)];
}

function runsAmong(group: Group, instants: readonly number[]): number[] {
  const parts = partsOf(group).map(({ rule, startTimeMs }) => occurrences(rule, startTimeMs));
  const isRun = (at: number) => parts.some(part => part.after(at) === at);
  return [...new Set(instants)].filter(isRun).sort((a, b) => a - b);
}
