import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { groupOf } from '../../../planning/groups/group.js';
import { type LiveGroup, liveGroup } from '../../../planning/groups/liveGroup.js';

/** What a form is about: a new dispatch, one that exists, or the dispatches that mean one rule in local time. JSON-safe. */
export type PlanSubject =
  | { readonly kind: 'new' }
  | { readonly kind: 'dispatch'; readonly record: DispatchRecord }
  | { readonly kind: 'group'; readonly live: LiveGroup };

/** The dispatches of a subject. */
export function recordsOf(subject: PlanSubject): readonly DispatchRecord[] {
  if (subject.kind === 'new') return [];
  return subject.kind === 'dispatch' ? [subject.record] : subject.live.records;
}

/** A subject that exists. */
export type ExistingSubject = Exclude<PlanSubject, { kind: 'new' }>;

/** The subject that a dispatch is, or belongs to: a group is taken as a whole. */
export function subjectOf(record: DispatchRecord, present: Iterable<DispatchRecord>, nowMs: number): ExistingSubject {
  const id = groupOf(record.payload)?.group.id;
  if (id === undefined) return { kind: 'dispatch', record };
  const parts = [...present].filter(({ payload }) => groupOf(payload)?.group.id === id);
  const live = liveGroup(parts.length === 0 ? [record] : parts, nowMs);
  return live === null ? { kind: 'dispatch', record } : { kind: 'group', live };
}

/** How people call a subject. */
export function subjectText(subject: PlanSubject): string {
  if (subject.kind === 'new') return 'a new dispatch';
  if (subject.kind === 'dispatch') return `dispatch ${subject.record.id}`;
  const { group, records } = subject.live;
  return `group ${group.id} (${records.length === 1 ? 'dispatch' : 'dispatches'} ${records.map(({ id }) => id).join(', ')})`;
}
