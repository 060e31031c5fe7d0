import { useId, useState } from 'preact/hooks';

/** Properties of {@link OpenMicrogrid}. */
export interface OpenMicrogridProps {
  /** What is said beside the field; null: nothing. */
  readonly hint: string | null;
  readonly onOpen: (microgridId: number) => void;
}

const FIELD_ID = 'open-microgrid-id';

/** Moves the focus to where a microgrid is opened by its id, if it is there. */
export function focusOpenMicrogrid(): void {
  document.getElementById(FIELD_ID)?.focus();
}

/** Opens a microgrid by its id. */
export function OpenMicrogrid({ hint, onOpen }: OpenMicrogridProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const notesId = useId();
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const id = idOf(String(new FormData(form).get('microgrid')));
    setProblem(id === null ? 'The id of a microgrid is a whole number in digits, such as 12.' : null);
    if (id === null) return;
    onOpen(id);
    form.reset();
  };
  const note = problem ?? hint;
  return (
    <form class="open-microgrid" noValidate onSubmit={onSubmit}>
      <input
        id={FIELD_ID}
        name="microgrid"
        type="text"
        inputMode="numeric"
        autocomplete="off"
        aria-label="Id of a microgrid"
        aria-describedby={note === null ? undefined : notesId}
        aria-invalid={problem !== null}
        placeholder="id"
      />
      <button type="submit" class="button">
        Open
      </button>
      {note !== null && (
        <span id={notesId} role={problem === null ? 'status' : 'alert'}>
          {note}
        </span>
      )}
    </form>
  );
}

/** The id that a text is, in decimal digits; null: it is none. */
function idOf(text: string): number | null {
  const digits = text.trim();
  const id = /^\d+$/.test(digits) ? Number(digits) : null;
  return id !== null && Number.isSafeInteger(id) ? id : null;
}
