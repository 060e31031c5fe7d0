import { useEffect, useId, useRef } from 'preact/hooks';

import { SELECTOR_NAMES } from '../../../planning/selectorText.js';
import { Button } from '../../kit/Button.js';
import { useSelected } from '../../kit/useSelected.js';
import { subjectText } from '../fields/planSubject.js';
import type { PlanFormActor } from '../planFormMachine.js';
import { ConflictView } from './ConflictView.js';
import { AreaField, CheckField, Notes, SelectField, TextField } from './Field.js';
import { FormState } from './FormState.js';
import { mayCloseForm } from './mayLeaveForm.js';
import { PlanPreview } from './PlanPreview.js';
import { RuleEditor } from './RuleEditor.js';
import { type FormView, useForm } from './useForm.js';

/** Properties of {@link PlanForm}. */
export interface PlanFormProps {
  readonly actor: PlanFormActor;
  /** Types of the present dispatches, as suggestions. */
  readonly types: readonly string[];
  /** Whether it can be saved: the key may, and is accepted. */
  readonly maySave: boolean;
}

const ZONES: readonly string[] = Intl.supportedValuesOf('timeZone');

/** The form of a dispatch. */
export function PlanForm({ actor, types, maySave }: PlanFormProps) {
  const form = useForm(actor);
  const context = useSelected(actor, snapshot => snapshot.context);
  const state = useSelected(actor, snapshot => snapshot.value);
  const titleId = useId();
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => element.current?.querySelector<HTMLElement>('input:not(:disabled)')?.focus(), []);
  const { isEdited } = context;
  useEffect(() => {
    if (!isEdited) return;
    // The browser asks before the page is left.
    const ask = (event: Event) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isEdited]);
  const onSubmit = (event: Event) => {
    event.preventDefault();
    actor.send({ type: state === 'previewing' || state === 'failed' ? 'save.wanted' : 'preview.wanted' });
    // What is wrong is shown now: the first of it is where to go on.
    setTimeout(() => element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const isNew = context.subject.kind === 'new';
  return (
    <form class="plan-form" ref={element} aria-labelledby={titleId} noValidate onSubmit={onSubmit}>
      <header>
        <h2 id={titleId}>{isNew ? 'New dispatch' : `Change ${subjectText(context.subject)}`}</h2>
        <Button
          name="Close the form"
          disabled={state === 'saving'}
          onPress={() => {
            if (mayCloseForm(actor)) actor.send({ type: 'form.closed' });
          }}
        >
          ×
        </Button>
      </header>
      <div class="plan-body">
        {state === 'conflict' && <ConflictView actor={actor} context={context} />}
        <What form={form} types={types} isNew={isNew} />
        <When form={form} />
        <RuleEditor form={form} words={context.draft.words} />
        <TextField form={form} name="note" label="Note" hint="why, for the audit of the service" />
        <Notes id={`${titleId}-form`} problems={form.problemsOf('form')} />
        <PlanPreview context={context} showsOverlaps={state === 'previewing'} />
      </div>
      <FormState actor={actor} context={context} state={state} maySave={maySave} />
    </form>
  );
}

interface PartProps {
  readonly form: FormView;
}

function What({ form, types, isNew }: PartProps & { readonly types: readonly string[]; readonly isNew: boolean }) {
  return (
    <fieldset>
      <legend>What</legend>
      <TextField
        form={form}
        name="type"
        label="Type"
        suggestions={types}
        disabled={!isNew}
        {...(!isNew && { hint: 'The type of a dispatch cannot be changed.' })}
      />
      <TextField
        form={form}
        name="components"
        label="Components"
        suggestions={SELECTOR_NAMES}
        hint="ids (1, 2, 3), or categories and types (BATTERY, INVERTER:PV)"
      />
      <AreaField form={form} name="payload" label="Payload" hint="a JSON object" />
      <div class="sentence">
        <CheckField form={form} name="active" label="Active" />
        <CheckField
          form={form}
          name="dryRun"
          label="Dry run"
          disabled={!isNew}
          {...(!isNew && { hint: 'That a dispatch is a dry run cannot be changed: copy it.' })}
        />
      </div>
    </fieldset>
  );
}

function When({ form }: PartProps) {
  const { ends, zone } = form.fields;
  return (
    <fieldset>
      <legend>When</legend>
      <TextField form={form} name="zone" label="Time zone" suggestions={ZONES} hint="of all times below" />
      <TextField form={form} name="start" label="Start" hint={`2026-04-01 14:00 in ${zone}, in 10m, or now`} />
      <div class="sentence">
        <SelectField
          form={form}
          name="ends"
          label="Its runs end"
          options={[
            ['duration', 'after a duration'],
            ['time', 'at a time'],
            ['never', 'not by themselves'],
          ]}
        />
        {ends === 'duration' && <TextField form={form} name="duration" label="Duration" hint="90s, 1h30m, 2 days" />}
        {ends === 'time' && <TextField form={form} name="end" label="End" hint="06:30, or 2026-04-01 16:00" />}
      </div>
    </fieldset>
  );
}
