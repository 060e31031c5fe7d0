import type { DispatchChanges, NewDispatch } from '../../../client/requests.js';
import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import type { Group } from '../../../planning/groups/group.js';
import type { GroupGoal } from '../../../planning/groups/stepMark.js';
import type { FieldProblems } from '../fields/planFields.js';

/** What saving a form asks of the service. */
export type PlanIntent =
  | { readonly kind: 'create'; readonly dispatch: NewDispatch }
  | { readonly kind: 'update'; readonly record: DispatchRecord; readonly changes: DispatchChanges }
  | { readonly kind: 'group'; readonly goal: GroupGoal };

/** What a form means at an instant. */
export interface PlanDraft {
  /** What is wrong, by field; empty: nothing. */
  readonly problems: FieldProblems;
  /** What saving asks of the service; null: nothing, or it would be refused. */
  readonly intent: PlanIntent | null;
  /** The dispatches as the service would store them; those that would be created have the id 0. None where it would refuse them. */
  readonly records: readonly DispatchRecord[];
  /** What about the runs a planner may not expect: sentences. */
  readonly notes: readonly string[];
  /** The rule in words; null: there is none, or it is not valid. */
  readonly words: string | null;
}

/** Options of {@link readDraft}. */
export interface DraftOptions {
  readonly microgridId: number;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** What fields make of one dispatch, or of a group. */
export interface Made extends Omit<PlanDraft, 'words'> {
  /** Null: it is one dispatch. */
  readonly group: Group | null;
}

/** Nothing made. */
export const NOTHING_MADE: Made = { problems: {}, intent: null, records: [], notes: [], group: null };
