import type { NewDispatch } from '../../../client/requests.js';
import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { groupRuleText } from '../../../planning/groups/groupWords.js';
import { singleRun } from '../../../planning/groups/singleRun.js';
import { planNotes } from '../../../planning/planNotes.js';
import { runningNotes } from '../../../planning/runningNotes.js';
import { joinProblems } from '../fields/fieldProblems.js';
import { fieldsOf } from '../fields/fieldsOf.js';
import { type FieldProblems, type PlanFields, RULE_FIELDS } from '../fields/planFields.js';
import { type PlanSubject, recordsOf } from '../fields/planSubject.js';
import { type ReadFields, readFields } from '../fields/readFields.js';
import { changesOf } from './fieldChanges.js';
import { draftGroup } from './groupDraft.js';
import { type DraftOptions, type Made, NOTHING_MADE, type PlanDraft, type PlanIntent } from './made.js';
import { checkCreate, checkUpdate } from './requestCheck.js';
import { ruleWords } from './ruleWords.js';

/** Reads a form, and applies every rule of the service to it. */
export function readDraft(subject: PlanSubject, fields: PlanFields, options: DraftOptions): PlanDraft {
  const read = readFields(fields, options.nowMs);
  const made =
    subject.kind === 'group' || read.values.isLocal
      ? draftGroup(subject, fields, read, options)
      : draftDispatch(subject, fields, read, options);
  const problems = joinProblems(
    read.problems,
    fixedProblems(subject, fields),
    blankProblems(subject, fields),
    made.problems,
  );
  const isRead = RULE_FIELDS.every(field => read.problems[field] === undefined);
  const rule = isRead ? (read.values.recurrence ?? null) : null;
  const words = made.group === null ? ruleWords(rule) : groupRuleText(made.group);
  if (Object.keys(problems).length > 0) return { problems, intent: null, records: [], notes: [], words };
  const { intent, records } = made;
  const notes = [
    ...(made.group === null ? records.flatMap(record => singleNotes(record, read.values.zone, fields)) : made.notes),
    ...(fields.active ? [] : ['It is inactive: it does not run.']),
    ...runningNotes(recordsOf(subject), records, options.nowMs),
  ];
  return { problems, intent, records, notes, words };
}

/** What may surprise about the runs of a dispatch, with what the clock does to the end of one run of a duration. */
function singleNotes(record: DispatchRecord, zone: string | undefined, { ends }: PlanFields): string[] {
  const isSingle = record.recurrence === null && zone !== undefined && ends === 'duration';
  return [...(isSingle ? singleRun(zone, record).notes : []), ...planNotes(record)];
}

function draftDispatch(
  subject: Exclude<PlanSubject, { kind: 'group' }>,
  fields: PlanFields,
  { values }: ReadFields,
  { microgridId, nowMs }: DraftOptions,
): Made {
  if (subject.kind === 'new') {
    const dispatch = newDispatch(values);
    const { record, problems } = checkCreate(microgridId, dispatch, nowMs);
    if (problems !== null) return { ...NOTHING_MADE, problems };
    // What was not read is a problem of its own, so this is whole where it is used.
    return { ...NOTHING_MADE, records: [record], intent: { kind: 'create', dispatch: dispatch as NewDispatch } };
  }
  // Its fields cannot be told in a zone that there is not; that is a problem of its own.
  if (values.zone === undefined) return NOTHING_MADE;
  if (values.start === 'NOW')
    return { ...NOTHING_MADE, problems: { start: ['It must be a time: only a new dispatch can start now.'] } };
  const changes = changesOf(subject.record, fieldsOf(subject, values.zone), fields, values);
  const { record, problems } = checkUpdate(subject.record, changes, nowMs);
  if (problems !== null) return { ...NOTHING_MADE, problems };
  const intent: PlanIntent = { kind: 'update', record: subject.record, changes };
  return { ...NOTHING_MADE, records: [record], intent: Object.keys(changes).length === 0 ? null : intent };
}

function newDispatch({
  start,
  localStartMs,
  zone,
  toMinute,
  isLocal,
  ...values
}: ReadFields['values']): Partial<NewDispatch> {
  if (start === undefined) return values;
  return { ...values, startTime: start === 'NOW' ? 'NOW' : new Date(start) };
}

/** A type that nobody could see. */
function blankProblems({ kind }: PlanSubject, { type }: PlanFields): FieldProblems {
  return kind === 'new' && /^\s+$/.test(type) ? { type: ['It must not be blank.'] } : {};
}

/** What the protocol cannot change. */
function fixedProblems(subject: PlanSubject, { type, dryRun }: PlanFields): FieldProblems {
  const [first] = recordsOf(subject);
  if (first === undefined) return {};
  const problem = 'It cannot be changed: create another dispatch.';
  return {
    ...(type !== first.type && { type: [problem] }),
    ...(dryRun !== first.dryRun && { dryRun: [problem] }),
  };
}
