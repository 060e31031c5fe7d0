import type { DispatchChanges, NewDispatch } from '../../client/requests.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import { type Asked, ignoredFields } from '../planNotes.js';
import { type Group, groupOf, withGroup, withoutGroup } from './group.js';
import { type PartPlan, partsOf, withoutCount } from './groupParts.js';

/** What the dispatches of a group have in common. */
export type Common = Pick<DispatchRecord, 'type' | 'selector' | 'active' | 'dryRun' | 'payload'>;

/** A write that brings the dispatches of a group nearer to what it means. */
export type Change =
  | { readonly kind: 'create'; readonly dispatch: NewDispatch & { readonly startTime: Date } }
  | { readonly kind: 'update'; readonly record: DispatchRecord; readonly changes: DispatchChanges }
  | { readonly kind: 'delete'; readonly record: DispatchRecord };

/** A start time that a service still takes after the time that the writes may need. */
export const LEAD_MS = 2_000;

/**
 * Plans the writes after which the dispatches of a group mean what it says. Nothing that is over changes, except what its payload tells of the
 * group. A dispatch keeps its id, and its start time where the runs to come allow it, so that one that is running is reconfigured and not
 * stopped.
 *
 * @param records the dispatches that the group has.
 * @returns creations from the last part to the first, then updates, then deletions: no run is lost between two writes.
 * @throws RangeError when the rule cannot be expressed in UTC.
 */
export function planChanges(group: Group, common: Common, records: readonly DispatchRecord[], nowMs: number): Change[] {
  const parts = partsOf(group);
  const over = records.filter(record => endOf(partOf(record)) <= nowMs);
  const free = new Set(records.filter(record => !over.includes(record)));
  const toCome = parts.filter(part => endOf(part) > nowMs);
  // Of a group whose last run to come is skipped, the last dispatch stays, so that it is not forgotten.
  const wanted = toCome.length === 0 && free.size > 0 ? parts.slice(-1) : toCome;
  const matched = matchParts(wanted, free, nowMs);
  const isPlain = group.zone === null && group.exceptions.length === 0;
  const payloadOf = (payload: Common['payload'], part: string) =>
    isPlain ? withoutGroup(payload) : withGroup(withoutGroup(payload), { group, part, step: null, by: null });
  const changes: Change[] = [];
  for (const { whole, part, record } of matched) {
    const payload = payloadOf(common.payload, `${parts.indexOf(whole) + 1}/${parts.length}`);
    if (record === null) changes.push({ kind: 'create', dispatch: newDispatch(part, { ...common, payload }) });
    else pushUpdate(changes, record, { ...common, payload, ...schedule(part) });
  }
  for (const record of over) {
    pushUpdate(changes, record, { payload: payloadOf(record.payload, groupOf(record.payload)?.part ?? '1/1') });
  }
  for (const record of free) changes.push({ kind: 'delete', record });
  return inOrder(changes);
}

interface Matched {
  /** As the group means it. */
  readonly whole: PartPlan;
  /** As it is written: perhaps with another start. */
  readonly part: PartPlan;
  readonly record: DispatchRecord | null;
}

/** Finds for each part the dispatch that is to become it, and takes it out of the free ones. */
function matchParts(wanted: readonly PartPlan[], free: Set<DispatchRecord>, nowMs: number): Matched[] {
  const found = new Map<PartPlan, Matched>();
  const take = (matches: (part: PartPlan, record: DispatchRecord) => PartPlan | null) => {
    for (const part of wanted) {
      if (found.has(part)) continue;
      for (const record of free) {
        const taken = matches(part, record);
        if (taken === null) continue;
        free.delete(record);
        found.set(part, { whole: part, part: taken, record });
        break;
      }
    }
  };
  take((part, record) => (part.startTimeMs === record.startTimeMs ? part : null));
  take((part, record) => (overlaps(part, record) ? keepingStart(part, record.startTimeMs, nowMs) : null));
  take((part, record) => (overlaps(part, record) ? fromNow(part, nowMs) : null));
  return wanted.flatMap((whole): Matched[] => {
    const part = fromNow(whole, nowMs);
    const match = found.get(whole);
    if (match !== undefined) return [match];
    return part === null ? [] : [{ whole, part, record: null }];
  });
}

/** The part with the start of a dispatch that has begun; null when its runs from now on would be others. */
function keepingStart(part: PartPlan, startTimeMs: number, nowMs: number): PartPlan | null {
  if (startTimeMs > nowMs) return null;
  const [wanted, kept] = [occurrences(part.rule, part.startTimeMs), occurrences(part.rule, startTimeMs)];
  let [next, own] = [wanted.after(nowMs), kept.after(nowMs)];
  while (next !== null && next === own) [next, own] = [wanted.after(next, false), kept.after(next, false)];
  return next === own ? { ...part, startTimeMs } : null;
}

/** The part without the runs that have begun: a service refuses a start in the past. Null when none is left. */
export function fromNow(part: PartPlan, nowMs: number): PartPlan | null {
  if (part.startTimeMs >= nowMs) return part;
  const startTimeMs = occurrences(part.rule, part.startTimeMs).after(nowMs + LEAD_MS);
  return startTimeMs === null ? null : { ...part, startTimeMs, rule: withoutCount(part) };
}

function overlaps(part: PartPlan, record: DispatchRecord): boolean {
  return part.startTimeMs < endOf(partOf(record)) && record.startTimeMs < endOf(part);
}

/** The end of the last run. */
function endOf({ startTimeMs, durationMs, rule }: PartPlan): number {
  if (rule.count === undefined && rule.untilMs === undefined) return Number.POSITIVE_INFINITY;
  const lastMs = occurrences(rule, startTimeMs).before(Number.POSITIVE_INFINITY);
  return (lastMs ?? startTimeMs) + durationMs;
}

function partOf({ startTimeMs, durationMs, recurrence }: DispatchRecord): PartPlan {
  // Another program may have removed what a group gives each of its dispatches.
  const rule = recurrence ?? { frequency: 'DAILY', interval: 1, count: 1 };
  return { startTimeMs, durationMs: durationMs ?? Number.POSITIVE_INFINITY, rule };
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
