import { useEffect, useRef } from 'preact/hooks';

import { Button } from '../../kit/Button.js';
import { sentenceOf } from '../../kit/sentenceOf.js';
import type { PlanFormContext } from '../planFormContext.js';
import type { PlanFormActor } from '../planFormMachine.js';
import { FIELD_LABELS } from './fieldLabels.js';
import { shownProblems } from './useForm.js';

/** Properties of {@link FormState}. */
export interface FormStateProps {
  readonly actor: PlanFormActor;
  readonly context: PlanFormContext;
  readonly state: string;
  /** Whether it can be saved: the key may, and is accepted. */
  readonly maySave: boolean;
}

/** What the button that goes on is called in the states that have one: it stays the same, and keeps the focus. */
const SUBMIT_TEXTS: Readonly<Record<string, string>> = {
  editing: 'Preview',
  checking: 'Preview',
  previewing: 'Save',
  saving: 'Save',
  failed: 'Save again',
};

/** Where a form stands, and what can be done next. */
export function FormState({ actor, context, state, maySave }: FormStateProps) {
  const submit = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (state === 'previewing') submit.current?.focus({ preventScroll: true });
  }, [state]);
  const submitText = SUBMIT_TEXTS[state];
  return (
    <footer>
      <p role="status">{maySave ? statusText(context, state) : 'It cannot be saved while the key is not accepted.'}</p>
      <p class="buttons">
        {submitText !== undefined && (
          <button
            type="submit"
            class="button primary"
            ref={submit}
            disabled={!maySave}
            aria-disabled={state === 'checking' || state === 'saving' || undefined}
          >
            {submitText}
          </button>
        )}
        {(state === 'previewing' || state === 'failed') && (
          <Button onPress={() => actor.send({ type: 'edit.wanted' })}>Edit</Button>
        )}
        {state === 'deleted' && (
          <Button kind="primary" onPress={() => actor.send({ type: 'recreate.wanted' })}>
            Make a new dispatch of it
          </Button>
        )}
      </p>
    </footer>
  );
}

function statusText(context: PlanFormContext, state: string): string {
  const { draft, taken, failure, startSpan, fields } = context;
  switch (state) {
    case 'checking':
      return 'Comparing with what is there …';
    case 'saving':
      return 'Saving …';
    case 'previewing':
      return `This is what would happen: it is drawn in the timeline, and not saved yet.${
        startSpan === null ? '' : ` It starts at ${fields.start}, which was ${startSpan} from the preview on.`
      }`;
    case 'failed': {
      const isUnknown = failure?.code === 'UNAVAILABLE' || failure?.code === 'DEADLINE_EXCEEDED';
      const doubt = isUnknown
        ? ' If it was being saved, it may have been: look at the timeline before you save again.'
        : '';
      return `It failed: ${sentenceOf(failure?.message ?? '')}${doubt}`;
    }
    case 'conflict':
      return 'Somebody else changed it meanwhile.';
    case 'deleted':
      return 'Somebody else deleted it meanwhile.';
  }
  const wrong = (Object.keys(FIELD_LABELS) as (keyof typeof FIELD_LABELS)[]).filter(
    field => shownProblems(context, field).length > 0,
  );
  if (wrong.length > 0) return `Not right yet: ${wrong.map(field => FIELD_LABELS[field]).join(', ')}.`;
  if (taken.length > 0) return `Taken over from somebody else: ${taken.map(field => FIELD_LABELS[field]).join(', ')}.`;
  return context.subject.kind !== 'new' && !draft.hasChanges && context.touched === 'all' ? 'Nothing is changed.' : '';
}
