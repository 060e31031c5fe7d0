import type { Dispatch } from '../../../dispatch.js';
import { changeGroup } from '../../../planning/groups/changeGroup.js';
import { createGroup } from '../../../planning/groups/createGroup.js';
import { dispatchAsGroup } from '../../../planning/groups/dispatchAsGroup.js';
import type { LiveGroup } from '../../../planning/groups/liveGroup.js';
import type { GroupGoal } from '../../../planning/groups/stepMark.js';
import { type Asked, ignoredFields } from '../../../planning/planNotes.js';
import type { PlanningClient } from '../../../planning/planningClient.js';
import type { PlanIntent } from '../draft/made.js';
import { readDraft } from '../draft/planDraft.js';
import type { FieldProblems, PlanFields } from '../fields/planFields.js';
import { type ExistingSubject, type PlanSubject, subjectText } from '../fields/planSubject.js';
import type { Done } from './done.js';
import { isSameVersion, presentSubject } from './presentSubject.js';
import { versionOf } from './undoEntry.js';

/** What became of a form that was to be saved. */
export type SaveResult =
  | { readonly kind: 'saved'; readonly done: Done }
  /** Time has passed: what was valid is not any more. */
  | { readonly kind: 'invalid'; readonly problems: FieldProblems }
  /** Somebody else changed it meanwhile, or deleted it (null): nothing was saved. */
  | { readonly kind: 'overtaken'; readonly present: ExistingSubject | null };

/**
 * Saves a form: only what it changes, and only when nobody else has changed the same dispatch since it was read. Between that look and the write
 * another change can still come; the protocol has no write with a condition.
 *
 * @throws DispatchError of the service.
 */
export async function saveDraft(
  client: PlanningClient,
  subject: PlanSubject,
  fields: PlanFields,
  nowMs: number,
): Promise<SaveResult> {
  if (subject.kind !== 'new') {
    const present = await presentSubject(client, subject, nowMs);
    if (present === null || !isSameVersion(present, subject)) return { kind: 'overtaken', present };
  }
  const { problems, intent } = readDraft(subject, fields, { microgridId: client.microgridId, nowMs });
  if (Object.keys(problems).length > 0) return { kind: 'invalid', problems };
  if (intent === null)
    return { kind: 'saved', done: { text: 'There was nothing to change.', records: [], undo: null } };
  const note = fields.note.trim() === '' ? undefined : fields.note;
  const after = await write(client, subject, intent, { note, nowMs });
  const { microgridId } = client;
  const verb = subject.kind === 'new' ? 'created' : 'changed';
  const named = subject.kind === 'new' ? subjectText(after) : subjectText(subject);
  const undo = {
    microgridId,
    text: `${subject.kind === 'new' ? 'creation' : 'change'} of ${named}`,
    before: subject,
    after: (after.kind === 'group' ? after.live.records : [after.record]).map(versionOf),
  };
  const ignored = ignoredBy(intent, after);
  const warning = ignored.length === 0 ? '' : ` The service stored another ${ignored.join(', ')} than was asked.`;
  return {
    kind: 'saved',
    done: { text: `${capital(named)} is ${verb}.${warning}`, records: recordsIn(after), undo },
  };
}

async function write(
  client: PlanningClient,
  subject: PlanSubject,
  intent: PlanIntent,
  options: { readonly note: string | undefined; readonly nowMs: number },
): Promise<ExistingSubject> {
  const { note } = options;
  if (intent.kind === 'create') return single(await client.create(intent.dispatch, { note }));
  if (intent.kind === 'update') return single(await client.update(intent.record.id, intent.changes, { note }));
  const { goal } = intent;
  if (subject.kind === 'new') return grouped((await createGroup(client, goal.group, goal.common, options)).live);
  const live = subject.kind === 'group' ? subject.live : asGroup(subject.record, goal);
  return grouped(await changeGroup(client, live, goal, options));
}

/** A dispatch as the group that it is to become. */
function asGroup(record: Dispatch['record'], { group }: GroupGoal): LiveGroup {
  const isRecurring = record.recurrence !== null && record.durationMs !== null;
  const live = isRecurring ? dispatchAsGroup(record) : { step: null, by: null, anchor: record, records: [record] };
  const { type, selector, active, dryRun, payload } = record;
  return { ...live, group, common: { type, selector, active, dryRun, payload } };
}

function single({ record }: Dispatch): ExistingSubject {
  return { kind: 'dispatch', record };
}

function grouped(stored: LiveGroup | Dispatch): ExistingSubject {
  return 'records' in stored ? { kind: 'group', live: stored } : single(stored);
}

function recordsIn(subject: ExistingSubject) {
  return subject.kind === 'group' ? subject.live.records : [subject.record];
}

/** Fields that a service stored otherwise than it was asked; of groups that is an error of its own. */
function ignoredBy(intent: PlanIntent, after: ExistingSubject): string[] {
  if (after.kind === 'group' || intent.kind === 'group') return [];
  const { startTime, ...asked } = intent.kind === 'create' ? intent.dispatch : intent.changes;
  const startTimeMs = startTime instanceof Date ? { startTimeMs: startTime.getTime() } : {};
  return ignoredFields({ ...(asked as Asked), ...startTimeMs }, after.record);
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
