import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { groupOf } from '../../../planning/groups/group.js';
import { Button } from '../../kit/Button.js';
import { useSelected } from '../../kit/useSelected.js';
import { registryOf, shownMicrogrid } from '../../machine/consoleContext.js';
import type { ConsoleActor } from '../../machine/consoleMachine.js';
import { subjectOf } from '../fields/planSubject.js';
import type { PlannerActor } from '../plannerMachine.js';
import { presentRecords } from '../planRequest.js';
import type { PlanAction } from '../write/performAction.js';
import { usePlanner } from './usePlanner.js';

/** Properties of {@link DispatchActions}. */
export interface DispatchActionsProps {
  readonly actor: ConsoleActor;
  readonly record: DispatchRecord;
}

/** What can be done to a dispatch; to a group it is done as a whole. */
export function DispatchActions({ actor, record }: DispatchActionsProps) {
  const planner = usePlanner(actor);
  const mayWrite = useSelected(actor, ({ context }) => context.session?.mayWrite === true);
  if (!mayWrite || planner === undefined) return null;
  return <Actions actor={actor} planner={planner} record={record} />;
}

function Actions({ actor, planner, record }: DispatchActionsProps & { readonly planner: PlannerActor }) {
  const isBusy = useSelected(planner, ({ context }) => context.working !== null);
  const { id, microgridId, active, recurrence, durationMs } = record;
  const group = groupOf(record.payload)?.group;
  const recurs = recurrence !== null && durationMs !== null;
  const send = (action: PlanAction) => planner.send({ type: 'action.wanted', microgridId, action });
  const subject = () => {
    const { context } = actor.getSnapshot();
    const microgrid = shownMicrogrid(context);
    const registry = microgrid && registryOf(microgrid);
    // What is shown may be a moment old.
    const present = registry?.get(id)?.dispatch ?? record;
    return subjectOf(present, registry ? presentRecords(registry) : [present], context.nowMs);
  };
  return (
    <>
      <p class="actions">
        <Button onPress={() => actor.send({ type: 'plan.opened', request: { kind: 'change', id } })}>Change …</Button>
        <Button onPress={() => actor.send({ type: 'plan.opened', request: { kind: 'copy', id } })}>Copy …</Button>
        <Button disabled={isBusy} onPress={() => send({ kind: 'runNow', id })}>
          Run now
        </Button>
        {recurs && (
          <Button disabled={isBusy} onPress={() => send({ kind: 'skip', subject: subject(), startMs: null })}>
            Skip next run
          </Button>
        )}
        <Button disabled={isBusy} onPress={() => send({ kind: active ? 'pause' : 'resume', subject: subject() })}>
          {active ? 'Pause' : 'Resume'}
        </Button>
        <Button disabled={isBusy} kind="danger" onPress={() => send({ kind: 'delete', subject: subject() })}>
          Delete
        </Button>
      </p>
      {group !== undefined && <p class="note">It is part of group {group.id}, which is changed as a whole.</p>}
    </>
  );
}
