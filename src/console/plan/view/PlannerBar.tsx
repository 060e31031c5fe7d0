import { useRef } from 'preact/hooks';

import { Button } from '../../kit/Button.js';
import { useKeptFocus } from '../../kit/useKeptFocus.js';
import { useSelected } from '../../kit/useSelected.js';
import { mayWrite } from '../../machine/consoleContext.js';
import type { ConsoleActor } from '../../machine/consoleMachine.js';
import { lastOf, type PlannerActor } from '../plannerMachine.js';
import { openForm } from './mayLeaveForm.js';
import { usePlanner } from './usePlanner.js';

/** What was done last to dispatches, and how it is undone. */
export function PlannerBar({ actor }: { readonly actor: ConsoleActor }) {
  const planner = usePlanner(actor);
  const shownId = useSelected(actor, ({ context }) => context.shownId);
  if (planner === undefined || shownId === null) return null;
  return <News key={shownId} actor={actor} planner={planner} microgridId={shownId} />;
}

const UNDO_ID = 'undo-last';

/** Moves the focus to where the last thing is undone, if it is there. */
export function focusUndo(): void {
  document.getElementById(UNDO_ID)?.focus();
}

/** Properties of {@link News}. */
interface NewsProps {
  readonly actor: ConsoleActor;
  readonly planner: PlannerActor;
  readonly microgridId: number;
}

/** The news of a microgrid. */
function News({ actor, planner, microgridId }: NewsProps) {
  const context = useSelected(planner, snapshot => snapshot.context);
  const mayUndo = useSelected(actor, snapshot => mayWrite(snapshot.context));
  const bar = useRef<HTMLDivElement>(null);
  const status = useRef<HTMLParagraphElement>(null);
  useKeptFocus(bar, () => status.current?.focus());
  const { working } = context;
  const news = context.news?.microgridId === microgridId ? context.news : null;
  const last = mayUndo ? lastOf(context, microgridId) : null;
  const isFailure = working === null && news?.kind === 'failed';
  const text = working ?? news?.text ?? '';
  const lost = news?.kind === 'failed' ? news.lost : null;
  return (
    <div ref={bar} class={`bar planner-bar ${text === '' && last === null ? 'quiet' : ''}`}>
      <p ref={status} tabIndex={-1} role="status">
        {isFailure ? '' : text}
      </p>
      <p role="alert">{isFailure ? text : ''}</p>
      {lost !== null && (
        <Button onPress={() => openForm(actor, { kind: 'copyOf', subject: lost })}>
          Open a copy of it in the form
        </Button>
      )}
      {last !== null && (
        <Button
          id={UNDO_ID}
          name={`Undo the ${last.text}`}
          busy={working !== null}
          onPress={() => planner.send({ type: 'undo.wanted', microgridId })}
        >
          Undo the {last.text}
        </Button>
      )}
      {working === null && news !== null && (
        <Button name="Hide the news" onPress={() => planner.send({ type: 'news.read' })}>
          ×
        </Button>
      )}
    </div>
  );
}
