import { Dispatch } from '../../dispatch.js';
import { offsetAt } from '../../model/recurrence/localTime.js';
import { groupState } from '../../planning/groups/groupWords.js';
import { printable } from '../../planning/text/printable.js';
import { spanText } from '../../planning/timeText.js';
import { Scrolled } from '../kit/Scrolled.js';
import { useDispatches } from '../kit/useDispatches.js';
import { useSelected } from '../kit/useSelected.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { ActionButton, type ActionButtonProps } from '../plan/view/ActionButton.js';
import { DispatchActions, maySkip } from '../plan/view/DispatchActions.js';
import { localText } from '../timeline/barText.js';
import { componentsText, dispatchName } from '../timeline/lanesOf.js';
import type { ConsoleProps } from './Console.js';
import { nextStarts, plansOf } from './plannedRuns.js';
import { repetitionOf } from './repetitionOf.js';
import { useDetailsFocus } from './useDetailsFocus.js';

/** Number of next runs that are listed. */
const nextCount = 5;

/** What is known of the chosen dispatch. */
export function DispatchPanel({ actor }: Pick<ConsoleProps, 'actor'>) {
  const dispatches = useDispatches(actor);
  const chosenId = useSelected(actor, ({ context }) => context.view.chosenId);
  const zone = useSelected(actor, ({ context }) => context.view.zone);
  const chosenRunMs = useSelected(actor, ({ context }) => context.view.chosenRunMs);
  const nowMs = useSelected(actor, ({ context }) => context.nowMs);
  const record = chosenId === null ? undefined : (dispatches?.get(chosenId)?.dispatch ?? recordOfPast(actor, chosenId));
  const [panel, heading] = useDetailsFocus(actor, chosenId, record !== undefined);
  if (chosenId === null) return <p class="empty">Choose a dispatch in the timeline.</p>;
  if (record === undefined) return <p class="empty">Dispatch {chosenId} is not there any more.</p>;
  const dispatch = new Dispatch(record);
  const repeats = repetitionOf(record);
  const plans = plansOf(record);
  const runs = nextStarts(plans, nowMs, nextCount);
  const state = groupState(
    plans.map(plan => new Dispatch(plan)),
    nowMs,
  );
  const time = (ms: number) => (
    <>
      {localText(ms, offsetAt(zone, ms))} {zone !== 'UTC' && <small>{localText(ms, 0)} UTC</small>}
    </>
  );
  const isPresent = dispatches?.get(chosenId) !== undefined;
  /** Of a run that is to come, what leaves it out, or lets it take place again. */
  const runButton = (ms: number, label: string, name: string, action: ActionButtonProps['action']) =>
    isPresent &&
    ms > nowMs && (
      <ActionButton actor={actor} record={record} name={`${name} ${localText(ms, offsetAt(zone, ms))}`} action={action}>
        {label}
      </ActionButton>
    );
  const bringBack = (startMs: number) =>
    runButton(startMs, 'Bring back', 'Bring back the run of', subject => ({ kind: 'unskip', subject, startMs }));
  const skip = (startMs: number) =>
    repeats.skipped.some(run => run.startMs === startMs)
      ? bringBack(startMs)
      : maySkip(record) &&
        runButton(startMs, 'Skip', 'Skip the run of', subject => ({ kind: 'skip', subject, startMs }));
  return (
    <div class="dispatch" ref={panel}>
      <h2 ref={heading} tabIndex={-1}>
        {dispatchName(record)}
      </h2>
      <p>
        <span class={`state ${state.name}`}>{state.text}</span>
        {record.dryRun && <em>dry run</em>}
      </p>
      {isPresent && <DispatchActions actor={actor} record={record} />}
      <dl>
        {chosenRunMs !== null && record.recurrence !== null && (
          <>
            <dt>Chosen run</dt>
            <dd>
              {time(chosenRunMs)} {skip(chosenRunMs)}
            </dd>
          </>
        )}
        <dt>Components</dt>
        <dd>{componentsText(record)}</dd>
        <dt>Start</dt>
        <dd>{time(record.startTimeMs)}</dd>
        <dt>Duration</dt>
        <dd>{record.durationMs === null ? 'without end' : spanText(record.durationMs)}</dd>
        <dt>Repeats</dt>
        <dd>{repeats.text}</dd>
        {repeats.skipped.length > 0 && (
          <>
            <dt>Skipped runs</dt>
            <dd>
              <ol>
                {repeats.skipped.map(({ startMs, text }) => (
                  <li key={startMs}>
                    {text} {bringBack(startMs)}
                  </li>
                ))}
              </ol>
            </dd>
          </>
        )}
        <dt>Next runs</dt>
        <dd>
          {runs.length === 0 && 'none'}
          <ol>
            {runs.map(ms => (
              <li key={ms}>
                {time(ms)} {skip(ms)}
              </li>
            ))}
          </ol>
        </dd>
        <dt>Created</dt>
        <dd>{time(dispatch.createTime.getTime())}</dd>
        <dt>Changed</dt>
        <dd>{time(dispatch.updateTime.getTime())}</dd>
        <dt>Payload</dt>
        <dd>
          <Scrolled label="Payload">
            <pre>{JSON.stringify(record.payload, null, 2).split('\n').map(printable).join('\n')}</pre>
          </Scrolled>
        </dd>
      </dl>
    </div>
  );
}

/** A dispatch that is gone, as the audit has it. */
function recordOfPast(actor: ConsoleActor, id: number) {
  return actor.getSnapshot().context.versions?.findLast(({ record }) => record.id === id)?.record;
}
