import type { DispatchChanges, NewDispatch } from '../../client/requests.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { type Asked, ignoredFields } from '../planNotes.js';
import { type Group, groupOf, withGroup, withoutGroup } from './group.js';
import { type PartPlan, partsOf } from './groupParts.js';
import { matchParts } from './matchParts.js';
import { endOf, partOf } from './partTimes.js';

/** What the dispatches of a group have in common. */
export type Common = Pick<DispatchRecord, 'type' | 'selector' | 'active' | 'dryRun' | 'payload'>;

/** A write that brings the dispatches of a group nearer to what it means. */
export type Change =
  | { readonly kind: 'create'; readonly dispatch: NewDispatch & { readonly startTime: Date } }
  | { readonly kind: 'update'; readonly record: DispatchRecord; readonly changes: DispatchChanges }
  | { readonly kind: 'delete'; readonly record: DispatchRecord };

/**
 * Plans the writes after which the dispatches of a group mean what it says. Nothing that is over changes, except what its payload tells of the
 * group. A dispatch keeps its id, and its start time where the runs to come allow it, so that one that is running is reconfigured and not
 * stopped: {@link matchParts}.
 *
 * A group that becomes a dispatch again is one as long as it has others: who is left alone in it leaves it by the writes that are planned then.
 *
 * @param records the dispatches that the group has.
 * @returns creations from the last part to the first, then updates, then deletions: no run is lost between two writes.
 * @throws RangeError when the rule cannot be expressed in UTC.
 */
export function planChanges(group: Group, common: Common, records: readonly DispatchRecord[], nowMs: number): Change[] {
  const parts = partsOf(group);
  const over = records.filter(record => endOf(partOf(record)) <= nowMs);
  const present = records.filter(record => !over.includes(record));
  const toCome = parts.filter(part => endOf(part) > nowMs);
  // Of a group whose last run to come is skipped, the last dispatch stays, so that it is not forgotten.
  const wanted = toCome.length === 0 && present.length > 0 ? parts.slice(-1) : toCome;
  const matched = matchParts(wanted, present, { nowMs, isKnownById: group.zone === null });
  const isPlain = group.zone === null && group.exceptions.length === 0;
  const payloadOf = (payload: Common['payload'], part: string, isLast: boolean) =>
    isPlain && isLast ? withoutGroup(payload) : withGroup(withoutGroup(payload), { group, part, step: null, by: null });
  const changes: Change[] = [];
  for (const { whole, part, record } of matched) {
    const isLast = records.every(other => other === record);
    const payload = payloadOf(common.payload, `${parts.indexOf(whole) + 1}/${parts.length}`, isLast);
    if (record === null) changes.push({ kind: 'create', dispatch: newDispatch(part, { ...common, payload }) });
    else pushUpdate(changes, record, { ...common, payload, ...schedule(part) });
  }
  for (const record of over) {
    pushUpdate(changes, record, { payload: payloadOf(record.payload, groupOf(record.payload)?.part ?? '1/1', true) });
  }
  for (const record of present) {
    if (!matched.some(match => match.record === record)) changes.push({ kind: 'delete', record });
  }
  return inOrder(changes);
}

function schedule({ startTimeMs, durationMs, rule }: PartPlan) {
  return { startTimeMs, durationMs, recurrence: rule };
}

function newDispatch({ startTimeMs, durationMs, rule }: PartPlan, common: Common): NewDispatch & { startTime: Date } {
  return { ...common, startTime: new Date(startTimeMs), durationMs, recurrence: rule };
}

function pushUpdate(changes: Change[], record: DispatchRecord, { type: _, dryRun: __, ...asked }: Asked): void {
  const different = Object.keys(asked).filter(
    field => ignoredFields({ [field]: asked[field as keyof typeof asked] }, record).length > 0,
  );
  if (different.length === 0) return;
  const { startTimeMs, ...others } = Object.fromEntries(
    Object.entries(asked).filter(([field]) => different.includes(field)),
  ) as typeof asked;
  const startTime = startTimeMs === undefined ? {} : { startTime: new Date(startTimeMs) };
  changes.push({ kind: 'update', record, changes: { ...startTime, ...others } as DispatchChanges });
}

const ORDER = { create: 0, update: 1, delete: 2 };

function inOrder(changes: readonly Change[]): Change[] {
  const startOf = (change: Change) =>
    change.kind === 'create' ? change.dispatch.startTime.getTime() : change.record.startTimeMs;
  return [...changes].sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || startOf(b) - startOf(a));
}
