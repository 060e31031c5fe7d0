import type { DispatchRegistry } from '../../../machines/pool/dispatchRegistry.js';
import type { DispatchErrorJson } from '../../model/dispatchError.js';
import type { PlanDraft } from './draft/made.js';
import { readDraft } from './draft/planDraft.js';
import type { PlanOverlap } from './draft/planOverlaps.js';
import { fieldsOf } from './fields/fieldsOf.js';
import { localTimeText } from './fields/localTimeText.js';
import { type FieldConflict, mergeFields } from './fields/mergeFields.js';
import type { FieldName, FieldProblems, PlanFields } from './fields/planFields.js';
import type { ExistingSubject, PlanSubject } from './fields/planSubject.js';
import { startAfterSpan } from './fields/startAfterSpan.js';
import type { Done } from './write/done.js';

/** Input of the machine of a form. */
export interface PlanFormInput {
  readonly microgridId: number;
  readonly subject: PlanSubject;
  /** IANA name of the zone of its times at first. */
  readonly zone: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** The present dispatches, a live object. */
  readonly present: PresentDispatches;
  /** Fields that differ from those of the subject at first: a copy, or a place in the timeline. */
  readonly fields?: Partial<PlanFields>;
}

/** The present dispatches of a microgrid. */
export type PresentDispatches = Pick<DispatchRegistry, 'get' | 'ids'>;

/** Context of the machine of a form; JSON-safe but for the present dispatches, of which nothing is kept. */
export interface PlanFormContext {
  readonly microgridId: number;
  readonly present: PresentDispatches;
  /** What is edited, as it was read last. */
  readonly subject: PlanSubject;
  readonly fields: PlanFields;
  /** The zone in which the times of the form are written. */
  readonly textsZone: string;
  readonly nowMs: number;
  /** What was typed for the start, such as `in 10m`, where a preview has put the instant in its place; null: it has not. */
  readonly startSpan: string | null;
  /** What the form means. */
  readonly draft: Omit<PlanDraft, 'intent'> & { readonly hasChanges: boolean };
  /** Whether somebody has changed a field since the form was opened. */
  readonly isEdited: boolean;
  /** Fields whose problems are shown: those that somebody was in; `all`: all. */
  readonly touched: 'all' | readonly FieldName[];
  /** What the service refused, by field; a field that is changed is not refused any more. */
  readonly refused: FieldProblems;
  /** Fields that somebody else changed meanwhile, and that were taken. */
  readonly taken: readonly FieldName[];
  /** Fields that somebody else changed meanwhile to another value than this form. */
  readonly conflicts: readonly FieldConflict[];
  /** Runs of others at the same time, as of the last check. */
  readonly overlaps: readonly PlanOverlap[];
  /** Why checking or saving failed; null: it did not. */
  readonly failure: DispatchErrorJson | null;
  /** What was saved; null: nothing yet. */
  readonly done: Done | null;
}

/** The context of a form at first. */
export function initialContext({ fields: given, zone, ...input }: PlanFormInput): PlanFormContext {
  const fields = { ...fieldsOf(input.subject, zone), ...given };
  return withDraft({
    ...input,
    fields,
    textsZone: fields.zone,
    startSpan: null,
    isEdited: false,
    touched: [],
    refused: {},
    taken: [],
    conflicts: [],
    overlaps: [],
    failure: null,
    done: null,
  });
}

/** The context with what its form means at its time. */
export function withDraft(context: Omit<PlanFormContext, 'draft'>): PlanFormContext {
  const { subject, fields, microgridId, nowMs } = context;
  const { intent, ...draft } = readDraft(subject, fields, { microgridId, nowMs });
  return { ...context, draft: { ...draft, hasChanges: intent !== null } };
}

/** The context with the instant that a start such as `in 10m` means now, to the second, in its place: what is previewed is what is saved. */
export function withFixedStart(context: PlanFormContext): PlanFormContext {
  const { fields, textsZone, nowMs } = context;
  const startMs = startAfterSpan(fields.start, nowMs);
  if (startMs === null) return context;
  const start = localTimeText(Math.ceil(startMs / 1000) * 1000, textsZone);
  return withDraft({ ...context, fields: { ...fields, start }, startSpan: fields.start.trim() });
}

/** The context after somebody else changed what is edited: the form keeps what was edited in it. */
export function withTheirs(context: PlanFormContext, theirs: ExistingSubject): PlanFormContext {
  const { subject, fields, textsZone } = context;
  const merged = mergeFields(fieldsOf(subject, textsZone), fields, fieldsOf(theirs, textsZone));
  const { taken, conflicts } = merged;
  return withDraft({ ...context, subject: theirs, fields: merged.fields, taken, conflicts });
}
