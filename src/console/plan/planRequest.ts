import type { DispatchRegistry } from '../../../machines/pool/dispatchRegistry.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { withoutGroup } from '../../planning/groups/group.js';
import { fieldsOf } from './fields/fieldsOf.js';
import type { PlanFields } from './fields/planFields.js';
import { type ExistingSubject, type PlanSubject, recordsOf, subjectOf } from './fields/planSubject.js';
import type { PlanFormInput } from './planFormContext.js';

/** What a form is asked to be about. */
export type PlanRequest =
  | { readonly kind: 'create' }
  /** A new dispatch that begins as a copy of one. */
  | { readonly kind: 'copy'; readonly id: number }
  /** A new dispatch that begins as a copy of what is not there any more. */
  | { readonly kind: 'copyOf'; readonly subject: ExistingSubject }
  | { readonly kind: 'change'; readonly id: number };

/** What is known where a form is opened. */
export interface PlanPlace {
  readonly microgridId: number;
  readonly zone: string;
  readonly nowMs: number;
  readonly present: DispatchRegistry;
}

/** The input of the form of a request; null when the dispatch is not there. */
export function formInput(request: PlanRequest, { present, ...place }: PlanPlace): PlanFormInput | null {
  const base = { ...place, present };
  if (request.kind === 'create') return { ...base, subject: { kind: 'new' } };
  if (request.kind === 'copyOf') {
    const [record] = recordsOf(request.subject);
    return record === undefined
      ? null
      : { ...base, subject: { kind: 'new' }, fields: copiedFields(request.subject, record, place) };
  }
  const record = present.get(request.id)?.dispatch;
  if (record === undefined) return null;
  const subject = subjectOf(record, presentRecords(present), place.nowMs);
  if (request.kind === 'change') return { ...base, subject };
  return { ...base, subject: { kind: 'new' }, fields: copiedFields(subject, record, place) };
}

/**
 * What is edited after a dispatch of it changed or was deleted; null: it is gone. Undefined: what is edited is not concerned, or its group is
 * being written.
 */
export function subjectAfter(
  subject: PlanSubject,
  { id }: DispatchRecord,
  present: DispatchRegistry,
  nowMs: number,
): ExistingSubject | null | undefined {
  if (subject.kind === 'new' || !recordsOf(subject).some(record => record.id === id)) return undefined;
  const [first] = recordsOf(subject).flatMap(record => present.get(record.id)?.dispatch ?? []);
  if (first === undefined) return null;
  const after = subjectOf(first, presentRecords(present), nowMs);
  return after.kind === 'group' && after.live.step !== null ? undefined : after;
}

/** A copy starts when its original does, or now when that is past. */
function copiedFields(
  subject: ExistingSubject,
  record: DispatchRecord,
  { zone, nowMs }: Omit<PlanPlace, 'present'>,
): PlanFields {
  const whole: ExistingSubject =
    subject.kind === 'group'
      ? subject
      : { kind: 'dispatch', record: { ...record, payload: withoutGroup(record.payload) } };
  const fields = fieldsOf(whole, zone);
  return record.startTimeMs > nowMs ? fields : { ...fields, start: 'now' };
}

/** The records of a registry, evaluated lazily. */
export function* presentRecords(present: Pick<DispatchRegistry, 'get' | 'ids'>): Generator<DispatchRecord> {
  for (const id of present.ids()) {
    const found = present.get(id);
    if (found !== undefined) yield found.dispatch;
  }
}
