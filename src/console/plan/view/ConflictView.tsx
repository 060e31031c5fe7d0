import { Button } from '../../kit/Button.js';
import type { PlanFormContext } from '../planFormContext.js';
import type { PlanFormActor } from '../planFormMachine.js';
import { FIELD_LABELS, valueText } from './fieldLabels.js';

/** What somebody else changed meanwhile to something else than this form, with both values, to choose from. */
export function ConflictView({ actor, context }: { readonly actor: PlanFormActor; readonly context: PlanFormContext }) {
  const choose = (field: (typeof context.conflicts)[number]['field'] | 'all', choice: 'mine' | 'theirs') =>
    actor.send({ type: 'conflict.resolved', field, choice });
  return (
    <section class="conflict" aria-label="Changed by somebody else">
      <p role="alert">Somebody else changed it meanwhile. Nothing was saved. Choose what is to be:</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">It was</th>
            <th scope="col">Mine</th>
            <th scope="col">Theirs</th>
          </tr>
        </thead>
        <tbody>
          {context.conflicts.map(({ field, base, mine, theirs }) => (
            <tr key={field}>
              <th scope="row">{FIELD_LABELS[field]}</th>
              <td>{valueText(base)}</td>
              <td>
                <span>{valueText(mine)}</span>
                <Button name={`Keep mine: ${FIELD_LABELS[field]}`} onPress={() => choose(field, 'mine')}>
                  Keep mine
                </Button>
              </td>
              <td>
                <span>{valueText(theirs)}</span>
                <Button name={`Take theirs: ${FIELD_LABELS[field]}`} onPress={() => choose(field, 'theirs')}>
                  Take theirs
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="buttons">
        <Button onPress={() => choose('all', 'mine')}>Keep all mine</Button>
        <Button onPress={() => choose('all', 'theirs')}>Take all theirs</Button>
      </p>
    </section>
  );
}
