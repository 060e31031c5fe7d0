import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { PlanOverlap } from './draft/planOverlaps.js';
import type { FieldName, PlanFields } from './fields/planFields.js';
import type { ExistingSubject, PlanSubject } from './fields/planSubject.js';
import type { PlanFormContext } from './planFormContext.js';

/** Events to the machine of a form. */
export type PlanFormEvent =
  | { readonly type: 'field.changed'; readonly field: FieldName; readonly value: PlanFields[FieldName] }
  /** Somebody was in a field, so that its problems are shown. */
  | { readonly type: 'field.left'; readonly field: FieldName }
  | { readonly type: 'clock.ticked'; readonly atMs: number }
  /** The dispatches that are edited changed, or are gone (null). */
  | { readonly type: 'subject.changed'; readonly subject: ExistingSubject | null }
  /** One of two values is taken, or of all conflicts. */
  | { readonly type: 'conflict.resolved'; readonly field: FieldName | 'all'; readonly choice: 'mine' | 'theirs' }
  /** What was deleted meanwhile is to be created anew. */
  | { readonly type: 'recreate.wanted' }
  | { readonly type: 'preview.wanted' }
  | { readonly type: 'edit.wanted' }
  | { readonly type: 'save.wanted' }
  | { readonly type: 'form.closed' };

/** What the machine of a form emits, and tells the machine that invoked it: what it would make of the timeline. */
export interface PlanPreviewed {
  readonly type: 'plan.previewed';
  readonly microgridId: number;
  readonly records: readonly DispatchRecord[];
}

/** What a check finds before a preview. */
export interface CheckResult {
  /** What is edited as the service has it; null: it is gone. A new dispatch is as it is. */
  readonly present: PlanSubject | null;
  readonly overlaps: readonly PlanOverlap[];
}

/** Input of the actors of a form. */
export type PlanFormWork = Pick<PlanFormContext, 'microgridId' | 'present' | 'subject' | 'fields'> & {
  readonly records: readonly DispatchRecord[];
};
