import type { DispatchChanges } from '../../../client/requests.js';
import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { runAt } from '../../../model/schedule.js';
import { changeGroup } from '../../../planning/groups/changeGroup.js';
import { createGroup } from '../../../planning/groups/createGroup.js';
import { dispatchAsGroup } from '../../../planning/groups/dispatchAsGroup.js';
import { liveGroup } from '../../../planning/groups/liveGroup.js';
import { PlanError } from '../../../planning/planError.js';
import { ignoredFields } from '../../../planning/planNotes.js';
import type { PlanningClient } from '../../../planning/planningClient.js';
import { recordsOf, subjectText } from '../fields/planSubject.js';
import type { Done, WriteOptions } from './done.js';
import { presentRecord } from './presentSubject.js';
import { RUN_IS_LOST, stillToCome } from './stillToCome.js';
import type { UndoEntry } from './undoEntry.js';

/**
 * Takes back what was done, unless somebody else has changed it since. A dispatch that was deleted is created anew, under a new id, with what is
 * left of it.
 *
 * @throws PlanError ABORTED when it was changed since; FAILED_PRECONDITION when what was there is over; and the errors of the service.
 */
export async function takeBack(client: PlanningClient, entry: UndoEntry, options: WriteOptions): Promise<Done> {
  const after = await unchanged(client, entry);
  const { before } = entry;
  if (before.kind === 'new') {
    for (const { id } of after) await client.delete(id, { note: options.note });
    return { text: `Undone: the ${entry.text}. Dispatches deleted: ${idsText(after)}.`, records: [], undo: null };
  }
  const { records, note } =
    before.kind === 'group'
      ? { records: await restoreGroup(client, before.live, after, options), note: cutNote(before.live, after, options) }
      : await restoreDispatch(client, before.record, after, options);
  const isAnew = !recordsOf(before).some(({ id }) => records.some(record => record.id === id));
  const anew = isAnew
    ? ` A deleted id does not come back: ${subjectText(before)} is there again as ${idsText(records)}.`
    : '';
  return { text: `Undone: the ${entry.text}.${anew}${note === null ? '' : ` ${note}`}`, records, undo: null };
}

/** What was left, as it still is. @throws PlanError when it is not. */
async function unchanged(client: PlanningClient, { text, after }: UndoEntry): Promise<DispatchRecord[]> {
  const found: DispatchRecord[] = [];
  for (const { id, updateTime } of after) {
    const record = await presentRecord(client, id);
    if (record?.updateTime === updateTime) found.push(record);
    else
      throw new PlanError(
        'ABORTED',
        `The ${text} cannot be undone: dispatch ${id} was ${record === null ? 'deleted' : 'changed'} since then.`,
      );
  }
  return found;
}

async function restoreGroup(
  client: PlanningClient,
  { group, common }: NonNullable<ReturnType<typeof liveGroup>>,
  after: readonly DispatchRecord[],
  options: WriteOptions,
): Promise<readonly DispatchRecord[]> {
  const [first] = after;
  if (first === undefined) return (await createGroup(client, group, common, options)).live.records;
  const live = liveGroup(after, options.nowMs) ?? { ...dispatchAsGroup(first), records: after };
  return recordsIn(
    await changeGroup(client, { ...live, group: { ...live.group, id: group.id } }, { group, common }, options),
  );
}

/** Tells that a run of a group that was deleted was on: its next ones come back. */
function cutNote(
  { records }: NonNullable<ReturnType<typeof liveGroup>>,
  after: readonly DispatchRecord[],
  { nowMs }: WriteOptions,
): string | null {
  return after.length === 0 && records.some(record => runAt(record, nowMs) !== null) ? RUN_IS_LOST : null;
}

/** Dispatches as they were put back. */
interface Restored {
  readonly records: readonly DispatchRecord[];
  /** What is not as it was, for people; null: nothing. */
  readonly note: string | null;
}

async function restoreDispatch(
  client: PlanningClient,
  before: DispatchRecord,
  after: readonly DispatchRecord[],
  { note, nowMs }: WriteOptions,
): Promise<Restored> {
  const kept = after.find(({ id }) => id === before.id);
  if (kept === undefined) {
    const left = stillToCome(before, nowMs);
    const { startTimeMs, ...plan } = left.plan;
    const startTime = left.startsNow ? 'NOW' : new Date(startTimeMs);
    const { record } = await client.create({ ...plan, startTime }, { note });
    for (const { id } of after) await client.delete(id, { note });
    return { records: [record], note: left.note };
  }
  // First what stays, then what goes: no run is lost between two writes.
  const back = changesBack(kept, before, nowMs);
  const { record } =
    Object.keys(back.changes).length === 0 ? { record: kept } : await client.update(kept.id, back.changes, { note });
  for (const { id } of after) if (id !== kept.id) await client.delete(id, { note });
  return { records: [record], note: back.note };
}

/** The fields of a dispatch that were something else, as they were. */
function changesBack(
  now: DispatchRecord,
  before: DispatchRecord,
  nowMs: number,
): { readonly changes: DispatchChanges; readonly note: string | null } {
  const { startTimeMs, durationMs, selector, active, payload, recurrence } = before;
  const asked = { durationMs, selector, active, payload, recurrence };
  const isOther = (field: keyof typeof asked) => ignoredFields({ [field]: asked[field] }, now).length > 0;
  const others = Object.fromEntries(Object.entries(asked).filter(([field]) => isOther(field as keyof typeof asked)));
  if (startTimeMs === now.startTimeMs) return { changes: others, note: null };
  const { plan, startsNow, note } = stillToCome(before, nowMs);
  const rest = startsNow ? { durationMs: plan.durationMs } : {};
  const changes = { ...others, ...rest, startTime: new Date(plan.startTimeMs), recurrence: plan.recurrence };
  return { changes, note };
}

function recordsIn(stored: Awaited<ReturnType<typeof changeGroup>>): readonly DispatchRecord[] {
  return 'records' in stored ? stored.records : [stored.record];
}

function idsText(records: ReturnType<typeof recordsOf>): string {
  return records.map(({ id }) => `dispatch ${id}`).join(', ');
}
