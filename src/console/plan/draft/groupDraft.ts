import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { changedGroup, withMovedRuns } from '../../../planning/groups/changedGroup.js';
import type { Group } from '../../../planning/groups/group.js';
import { groupNotes } from '../../../planning/groups/groupNotes.js';
import { lostRunNotes } from '../../../planning/groups/movedGroup.js';
import { newGroup } from '../../../planning/groups/newGroup.js';
import { LEAD_MS } from '../../../planning/groups/partTimes.js';
import { type Change, type Common, planChanges } from '../../../planning/groups/planChanges.js';
import { InvalidPlan } from '../../../planning/planError.js';
import { joinProblems } from '../fields/fieldProblems.js';
import { fieldsOf } from '../fields/fieldsOf.js';
import { type FieldProblems, type PlanFields, RULE_FIELDS } from '../fields/planFields.js';
import { type PlanSubject, recordsOf } from '../fields/planSubject.js';
import type { PlanValues, ReadFields } from '../fields/readFields.js';
import { differs } from './fieldChanges.js';
import { groupProblem } from './groupProblem.js';
import { type DraftOptions, type Made, NOTHING_MADE } from './made.js';
import { type Checked, checkCreate, checkUpdate } from './requestCheck.js';

/** Makes of a form the dispatches that mean its rule together: one in local time, or of a dispatch with skipped runs. */
export function draftGroup(
  subject: PlanSubject,
  fields: PlanFields,
  { values, problems: unread }: ReadFields,
  options: DraftOptions,
): Made {
  const problems = commonProblems(values, options);
  if (Object.keys({ ...unread, ...problems }).length > 0 || !isWhole(values)) return { ...NOTHING_MADE, problems };
  try {
    const group = groupFrom(subject, fields, values, options.nowMs);
    return { ...draftChanges(subject, group, fields, values, options), group };
  } catch (error) {
    if (error instanceof InvalidPlan || error instanceof RangeError)
      return { ...NOTHING_MADE, problems: groupProblem(error.message) };
    throw error;
  }
}

/** What is wrong whatever the rule means in local time. */
function commonProblems(values: ReadFields['values'], { microgridId, nowMs }: DraftOptions): FieldProblems {
  const { start, localStartMs, zone, toMinute, isLocal, recurrence, durationMs, ...common } = values;
  const rule = recurrence ?? undefined;
  const { problems } = checkCreate(
    microgridId,
    { ...common, ...(durationMs !== undefined && { durationMs }), ...(rule && { recurrence: rule }) },
    nowMs,
  );
  // Whether a rule ever reaches its hours depends on the zone.
  const { recurs: _, ...others } = problems ?? {};
  const missing: FieldProblems = {
    ...(recurrence === null && {
      recurs: ['A group needs a rule: delete it, and create a dispatch that runs once.'],
    }),
    ...(durationMs === null && { ends: ['A rule in local time, or with skipped runs, needs an end of its runs.'] }),
    ...(isLocal && rule?.count !== undefined && { ending: ['A rule in local time ends at a time.'] }),
    ...(isLocal && rule && rule.count === undefined && rule.untilMs === undefined && { ending: [NEEDS_END] }),
  };
  return joinProblems(others, missing);
}

const NEEDS_END = 'A rule in local time needs an end, at most five years after its start.';

type Whole = PlanValues & { readonly durationMs: number; readonly recurrence: object };

function isWhole(values: ReadFields['values']): values is Whole {
  const { start, durationMs, selector, payload, recurrence, zone } = values;
  const all = [start, durationMs, selector, payload, recurrence, zone];
  return all.every(value => value !== undefined && value !== null);
}

function groupFrom(subject: PlanSubject, fields: PlanFields, values: Whole, nowMs: number): Group {
  const { start, localStartMs, durationMs, recurrence: rule, zone, toMinute, isLocal } = values;
  // A group has no start that is now: its first run begins as soon as a service can have it.
  const startTimeMs = start === 'NOW' ? Math.ceil((nowMs + LEAD_MS) / 1000) * 1000 : start;
  const input = { zone, startTimeMs, localStartMs, rule, durationMs, toMinute };
  if (subject.kind !== 'group') return newGroup(input);
  const { group } = subject.live;
  const base = fieldsOf(subject, fields.zone);
  const edited = (names: readonly (keyof PlanFields)[]) => differs(base, fields, names);
  if (edited(['clock'])) {
    const changed = isLocal ? newGroup(input, group.id) : utcGroup(group, values, startTimeMs);
    return withMovedRuns(group, changed);
  }
  return changedGroup(
    group,
    {
      ...(isLocal && zone !== group.zone && { zone }),
      ...(edited(['start']) && { startTimeMs, localStartMs }),
      ...(edited(['ends', 'duration', 'end']) && (toMinute === null ? { durationMs } : { toMinute })),
      ...((edited(RULE_FIELDS) || (isLocal && zone !== group.zone)) && { rule }),
    },
    nowMs,
  );
}

function utcGroup({ id }: Group, { durationMs, recurrence: rule }: Whole, startTimeMs: number): Group {
  return { id, zone: null, rule, startTimeMs, untilMs: null, durationMs, toMinute: null, exceptions: [] };
}

function draftChanges(
  subject: PlanSubject,
  group: Group,
  fields: PlanFields,
  { type, selector, active, dryRun, payload, localStartMs }: Whole,
  { microgridId, nowMs }: DraftOptions,
): Made {
  const records = recordsOf(subject);
  const before = subject.kind === 'group' ? subject.live.group : undefined;
  const common: Common = { type, selector, active, dryRun, payload };
  const changes = planChanges(group, common, records, nowMs);
  if (records.length === 0 && changes.length === 0)
    return { ...NOTHING_MADE, problems: { until: ['No run is to come: the end is in the past.'] } };
  const checked = changes.flatMap(change => checkChange(microgridId, change, nowMs) ?? []);
  const problems = joinProblems(...checked.map(({ problems: found }) => found ?? {}));
  const untouched = records.filter(
    record => !changes.some(change => change.kind !== 'create' && change.record === record),
  );
  const planned = [...untouched, ...checked.flatMap(({ record }) => record ?? [])];
  const step: 'create' | 'update' = records.length === 0 ? 'create' : 'update';
  return {
    problems,
    intent: changes.length === 0 ? null : { kind: 'group', goal: { group, common, step } },
    records: planned.sort((a, b) => a.startTimeMs - b.startTimeMs),
    notes: [
      ...partsNote(planned, fields),
      ...groupNotes(group, nowMs, { isStartTold: localStartMs !== undefined, before }),
      ...(before === undefined ? [] : lostRunNotes(before, group, nowMs)),
    ],
    group,
  };
}

/** Null for a deletion, to which no rule applies. */
function checkChange(microgridId: number, change: Change, nowMs: number): Checked | null {
  if (change.kind === 'create') return checkCreate(microgridId, change.dispatch, nowMs);
  return change.kind === 'update' ? checkUpdate(change.record, change.changes, nowMs) : null;
}

function partsNote({ length }: readonly DispatchRecord[], { clock, zone }: PlanFields): string[] {
  if (length < 2 || clock === 'utc') return [];
  return [`It becomes a group of ${length} dispatches, because the clock of ${zone} changes.`];
}
