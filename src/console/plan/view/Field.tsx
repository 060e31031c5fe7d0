import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import type { FieldName, PlanFields } from '../fields/planFields.js';
import type { FormView } from './useForm.js';

/** Fields that hold a text. */
type TextName = { [Name in FieldName]: PlanFields[Name] extends string ? Name : never }[FieldName];
/** Fields that are on or off. */
type CheckName = { [Name in FieldName]: PlanFields[Name] extends boolean ? Name : never }[FieldName];

/** Properties of all fields. */
interface FieldProps<Name extends FieldName> {
  readonly form: FormView;
  readonly name: Name;
  readonly label: string;
  /** What is allowed, in short. */
  readonly hint?: ComponentChildren;
  readonly disabled?: boolean;
}

/** What a control says of its problems and its hint to screen readers. */
interface Described {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
  readonly disabled: boolean;
}

/** A text in one line; with suggestions where there are some. */
export function TextField({
  suggestions = [],
  short = false,
  ...props
}: FieldProps<TextName> & { readonly suggestions?: readonly string[]; readonly short?: boolean }) {
  const { form, name } = props;
  const listId = useId();
  return (
    <Labelled {...props}>
      {described => (
        <>
          <input
            {...described}
            type="text"
            class={short ? 'short' : undefined}
            autocomplete="off"
            spellcheck={false}
            value={form.fields[name]}
            list={suggestions.length > 0 ? listId : undefined}
            {...changes(form, name)}
          />
          {suggestions.length > 0 && (
            <datalist id={listId}>
              {suggestions.map(text => (
                <option key={text} value={text} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Labelled>
  );
}

/** A text of several lines. */
export function AreaField(props: FieldProps<TextName>) {
  const { form, name } = props;
  return (
    <Labelled {...props}>
      {described => (
        <textarea {...described} rows={4} spellcheck={false} value={form.fields[name]} {...changes(form, name)} />
      )}
    </Labelled>
  );
}

/** One of several values. */
export function SelectField<Name extends TextName>({
  options,
  ...props
}: FieldProps<Name> & { readonly options: readonly (readonly [value: string, title: string])[] }) {
  const { form, name } = props;
  return (
    <Labelled {...props}>
      {described => (
        <select {...described} value={form.fields[name]} {...changes(form, name)}>
          {options.map(([value, title]) => (
            <option key={value} value={value} selected={value === form.fields[name]}>
              {title}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

/** On or off. */
export function CheckField({ form, name, label, hint, disabled = false }: FieldProps<CheckName>) {
  const id = useId();
  const problems = form.problemsOf(name);
  return (
    <div class="form-field check">
      <label>
        <input
          type="checkbox"
          checked={form.fields[name]}
          disabled={disabled || !form.isEditable}
          aria-invalid={problems.length > 0}
          aria-describedby={describedBy(id, hint, problems)}
          onChange={event => form.change(name, event.currentTarget.checked)}
        />{' '}
        {label}
      </label>
      <Notes id={id} hint={hint} problems={problems} />
    </div>
  );
}

/** The problems of something that has no label of its own. */
export function Notes({
  id,
  hint,
  problems,
}: {
  readonly id: string;
  readonly hint?: ComponentChildren;
  readonly problems: readonly string[];
}) {
  return (
    <>
      {hint !== undefined && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
      {problems.length > 0 && (
        <div id={`${id}-problems`} class="problems">
          {problems.map(problem => (
            <p key={problem}>{problem}</p>
          ))}
        </div>
      )}
    </>
  );
}

/** The ids of a hint and of problems, for `aria-describedby`. */
export function describedBy(id: string, hint: ComponentChildren, problems: readonly string[]): string | undefined {
  const ids = [hint === undefined ? '' : `${id}-hint`, problems.length === 0 ? '' : `${id}-problems`].filter(Boolean);
  return ids.length === 0 ? undefined : ids.join(' ');
}

function Labelled<Name extends FieldName>({
  form,
  name,
  label,
  hint,
  disabled = false,
  children,
}: FieldProps<Name> & { readonly children: (described: Described) => ComponentChildren }) {
  const id = useId();
  const problems = form.problemsOf(name);
  const notes = form.notesOf(name);
  const told =
    notes.length === 0 ? (
      hint
    ) : (
      <>
        {hint} <strong>{notes.join(' ')}</strong>
      </>
    );
  return (
    <div class={`form-field ${name}`}>
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-describedby': describedBy(id, told, problems),
        'aria-invalid': problems.length > 0,
        disabled: disabled || !form.isEditable,
      })}
      <Notes id={id} hint={told} problems={problems} />
    </div>
  );
}

function changes(form: FormView, name: TextName) {
  return {
    onInput: (event: { readonly currentTarget: { readonly value: string } }) =>
      form.change(name, event.currentTarget.value as never),
    onBlur: () => form.leave(name),
  };
}
