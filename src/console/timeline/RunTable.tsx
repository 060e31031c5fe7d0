import { offsetAt } from '../../model/recurrence/localTime.js';
import { Scrolled } from '../kit/Scrolled.js';
import { useSelected } from '../kit/useSelected.js';
import type { ConsoleProps } from '../page/Console.js';
import { localText, styleNames } from './barText.js';
import { componentsText, dispatchName } from './lanesOf.js';
import { styleOf } from './layoutLane.js';
import { presentOf } from './pictureSource.js';
import { runChoice } from './segment.js';
import { useRunRows } from './useRunRows.js';

/** Maximum number of rows of the table. */
const maxRows = 300;

/** What the timeline shows, as text. */
export function RunTable({ actor, port }: ConsoleProps) {
  const snapshot = useSelected(actor, now => now);
  const { context } = snapshot;
  const { zone, chosenId } = context.view;
  const made = useRunRows(actor, port.clock, maxRows);
  const { rows, isCut } = made ?? { rows: [], isCut: false };
  const present = presentOf(snapshot);
  return (
    <Scrolled class="run-table" label="Runs as text">
      {isCut && (
        <p class="note">
          The first {maxRows} rows. To see the others show less or later time, or filter; CSV saves more.
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">From ({zone})</th>
            <th scope="col">To ({zone})</th>
            {zone !== 'UTC' && <th scope="col">From (UTC)</th>}
            <th scope="col">Dispatch</th>
            <th scope="col">Components</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ run, startMs, endMs, isCovered }) => (
            <tr key={`${run.record.id} ${startMs}`} class={run.record.id === chosenId ? 'chosen' : ''}>
              <td>{localText(startMs, offsetAt(zone, startMs))}</td>
              <td>{localText(endMs, Number.isFinite(endMs) ? offsetAt(zone, endMs) : 0)}</td>
              {zone !== 'UTC' && <td>{localText(startMs, 0)}</td>}
              <td>
                <button
                  type="button"
                  class="link"
                  onClick={() => actor.send({ type: 'view.chosen', choices: runChoice(run) })}
                >
                  {dispatchName(run.record)}
                </button>
              </td>
              <td>{componentsText(run.record)}</td>
              <td>{styleNames[styleOf({ run, startMs, endMs, isCovered }, present)]}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="empty">{made === null ? 'Looking for the runs …' : 'No run in this time.'}</p>}
    </Scrolled>
  );
}
