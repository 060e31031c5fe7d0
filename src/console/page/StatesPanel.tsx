import { dispatchMachine } from '../../../machines/dispatch/dispatchMachine.js';
import { dispatcherMachine } from '../../../machines/dispatcher/dispatcherMachine.js';
import { offsetAt } from '../../model/recurrence/localTime.js';
import { useDispatches } from '../kit/useDispatches.js';
import { useSelected } from '../kit/useSelected.js';
import { delayText } from '../log/delayText.js';
import { eventLogIn } from '../log/eventLog.js';
import { reasonOf } from '../log/transitionText.js';
import { lastContactOf, shownMicrogrid } from '../machine/consoleContext.js';
import { StatechartView } from '../statechart/StatechartView.js';
import { localText } from '../timeline/barText.js';
import { stateAt } from '../travel/stateAt.js';
import type { ConsoleProps } from './Console.js';
import { agoText, POLLED } from './pollText.js';

/** Number of transitions and of changes of the sync that are listed. */
const listedCount = 12;

/** The statechart of the chosen dispatch, with its state lit: of its very actor, or as it was or will be at the instant that is looked at. */
export function DispatchStates({ actor }: Pick<ConsoleProps, 'actor'>) {
  const dispatches = useDispatches(actor);
  const context = useSelected(actor, snapshot => snapshot.context);
  const log = eventLogIn(actor.getSnapshot().children);
  const { view, travelMs, shownId } = context;
  const { chosenId, zone } = view;
  if (chosenId === null) return <p class="empty">Choose a dispatch in the timeline.</p>;
  const transitions = log?.transitionsOf(shownId ?? 0, chosenId) ?? [];
  const state =
    travelMs === null
      ? (dispatches?.get(chosenId)?.state ?? (transitions[0]?.to === 'deleted' ? 'deleted' : null))
      : stateAt(context, chosenId);
  const last = travelMs === null && transitions[0]?.to === state ? (transitions[0] ?? null) : null;
  return (
    <>
      <StatechartView machine={dispatchMachine} label={`Dispatch ${chosenId}`} state={state} last={last} />
      {travelMs !== null && state === null && <p class="empty">It does not exist at this time.</p>}
      <h3>Last transitions</h3>
      <ol class="transitions">
        {transitions.slice(0, listedCount).map(({ seq, atMs, from, to, event }) => (
          <li key={seq}>
            <time>{localText(atMs, offsetAt(zone, atMs)).slice(5)}</time> {from} → <b>{to}</b>: {reasonOf(event)}
          </li>
        ))}
      </ol>
      {transitions.length === 0 && <p class="empty">None since this page was opened.</p>}
    </>
  );
}

/** The statechart of the dispatcher of the shown microgrid, and what its sync went through. */
export function DispatcherStates({ actor }: Pick<ConsoleProps, 'actor'>) {
  const microgrid = useSelected(actor, ({ context }) => shownMicrogrid(context));
  const zone = useSelected(actor, ({ context }) => context.view.zone);
  const nowMs = useSelected(actor, ({ context }) => context.nowMs);
  const log = eventLogIn(actor.getSnapshot().children);
  if (microgrid === undefined) return <p class="empty">No microgrid is open.</p>;
  const { sync, id } = microgrid;
  const contactMs = lastContactOf(microgrid);
  const entries = [...(log?.newestFirst() ?? [])]
    .filter(entry => entry.microgridId === id && entry.output.type === 'dispatcher.sync')
    .slice(0, listedCount);
  return (
    <>
      <StatechartView
        machine={dispatcherMachine}
        label={`Dispatcher of microgrid ${id}`}
        state={sync?.state ?? null}
        last={null}
      />
      <dl>
        <dt>Sync</dt>
        <dd>
          {sync?.state}
          {sync?.polling && ' (polling)'}
          {sync?.polling && <p class="note">{POLLED}</p>}
        </dd>
        <dt>Last contact</dt>
        <dd>
          {contactMs === null
            ? 'never'
            : `${localText(contactMs, offsetAt(zone, contactMs))}${sync?.polling ? `, ${agoText(nowMs - contactMs)}` : ''}`}
        </dd>
        <dt>Position</dt>
        <dd>{sync?.position ?? 'the service names none'}</dd>
        <dt>Clock</dt>
        <dd>
          {sync?.clockOffsetMs == null
            ? 'not compared'
            : `the service is ${delayText(Math.abs(sync.clockOffsetMs))} ${sync.clockOffsetMs < 0 ? 'behind' : 'ahead'}`}
        </dd>
        {sync?.problem != null && (
          <>
            <dt>Problem</dt>
            <dd>{sync.problem.message}</dd>
          </>
        )}
      </dl>
      <h3>Last changes</h3>
      <ol class="transitions">
        {entries.map(({ seq, atMs, output }) => (
          <li key={seq}>
            <time>{localText(atMs, offsetAt(zone, atMs)).slice(5)}</time>{' '}
            {output.type === 'dispatcher.sync' && (
              <>
                <b>{output.status.state}</b>
                {output.status.problem !== null && `: ${output.status.problem.message}`}
              </>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}
