import { Button } from '../../kit/Button.js';
import { useSelected } from '../../kit/useSelected.js';
import type { ConsoleActor } from '../../machine/consoleMachine.js';
import type { PlannerActor } from '../plannerMachine.js';
import { openForm } from './mayLeaveForm.js';
import { usePlanner } from './usePlanner.js';

/** What was done last to dispatches, and how it is undone. */
export function PlannerBar({ actor }: { readonly actor: ConsoleActor }) {
  const planner = usePlanner(actor);
  return planner === undefined ? null : <News actor={actor} planner={planner} />;
}

function News({ actor, planner }: { readonly actor: ConsoleActor; readonly planner: PlannerActor }) {
  const { working, news, undoStack } = useSelected(planner, ({ context }) => context);
  const last = undoStack.at(-1);
  const isFailure = working === null && news?.kind === 'failed';
  const text = working ?? news?.text ?? '';
  const lost = news?.kind === 'failed' ? news.lost : null;
  return (
    <div class={`bar planner-bar ${text === '' && last === undefined ? 'quiet' : ''}`}>
      <p role="status">{isFailure ? '' : text}</p>
      <p role="alert">{isFailure ? text : ''}</p>
      {lost !== null && (
        <Button onPress={() => openForm(actor, { kind: 'copyOf', subject: lost })}>
          Open a copy of it in the form
        </Button>
      )}
      {last !== undefined && (
        <Button
          name={`Undo the ${last.text}`}
          disabled={working !== null}
          onPress={() => planner.send({ type: 'undo.wanted' })}
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
