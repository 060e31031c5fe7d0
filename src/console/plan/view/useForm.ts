import { useAfterPress } from '../../kit/useAfterPress.js';
import { useSelected } from '../../kit/useSelected.js';
import { fieldNotes } from '../fields/fieldNotes.js';
import type { FieldName, PlanFields } from '../fields/planFields.js';
import type { PlanFormContext } from '../planFormContext.js';
import type { PlanFormActor } from '../planFormMachine.js';

/** A form as its fields see it. */
export interface FormView {
  readonly fields: PlanFields;
  /** False: it is being saved, or waits for a decision. */
  readonly isEditable: boolean;
  /** What is wrong with a field, as far as it is shown. */
  problemsOf(field: FieldName | 'form'): readonly string[];
  /** What may not be expected of what a field has. */
  notesOf(field: FieldName): readonly string[];
  change<Name extends FieldName>(field: Name, value: PlanFields[Name]): void;
  /** Its problems are shown from now on, or when what is pressed now is released. */
  leave(field: FieldName): void;
}

/** The form of an actor; the component is rendered again when it changes. */
export function useForm(actor: PlanFormActor): FormView {
  const context = useSelected(actor, snapshot => snapshot.context);
  const isEditable = useSelected(actor, snapshot =>
    ['editing', 'checking', 'previewing', 'failed'].some(state => snapshot.matches(state as 'editing')),
  );
  const afterPress = useAfterPress();
  const notes = fieldNotes(context.fields, context.nowMs);
  return {
    fields: context.fields,
    isEditable,
    problemsOf: field => shownProblems(context, field),
    notesOf: field => notes[field] ?? [],
    change: (field, value) => actor.send({ type: 'field.changed', field, value }),
    leave: field =>
      afterPress(() => {
        // The press may have closed it.
        if (actor.getSnapshot().status === 'active') actor.send({ type: 'field.left', field });
      }),
  };
}

/** What is wrong with a field, as far as it is shown. */
export function shownProblems(
  { draft, refused, touched }: PlanFormContext,
  field: FieldName | 'form',
): readonly string[] {
  const isShown = touched === 'all' || field === 'form' || touched.includes(field);
  return [...new Set([...(refused[field] ?? []), ...(isShown ? (draft.problems[field] ?? []) : [])])];
}
