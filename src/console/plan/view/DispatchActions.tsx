import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { groupOf } from '../../../planning/groups/group.js';
import { Button } from '../../kit/Button.js';
import { useSelected } from '../../kit/useSelected.js';
import { mayWrite } from '../../machine/consoleContext.js';
import type { ConsoleActor } from '../../machine/consoleMachine.js';
import { ActionButton } from './ActionButton.js';
import { openForm } from './mayLeaveForm.js';

/** Properties of {@link DispatchActions}. */
export interface DispatchActionsProps {
  readonly actor: ConsoleActor;
  readonly record: DispatchRecord;
}

/** Whether single runs of a dispatch can be left out. */
export function maySkip({ recurrence, durationMs }: DispatchRecord): boolean {
  return recurrence !== null && durationMs !== null;
}

/** What can be done to a dispatch; to a group it is done as a whole. */
export function DispatchActions({ actor, record }: DispatchActionsProps) {
  const isOffered = useSelected(actor, ({ context }) => mayWrite(context));
  if (!isOffered) return null;
  const { id, active } = record;
  const group = groupOf(record.payload)?.group;
  return (
    <>
      <p class="actions">
        <Button onPress={() => openForm(actor, { kind: 'change', id })}>Change …</Button>
        <Button onPress={() => openForm(actor, { kind: 'copy', id })}>Copy …</Button>
        <ActionButton actor={actor} record={record} action={() => ({ kind: 'runNow', id })}>
          Run now
        </ActionButton>
        {maySkip(record) && (
          <ActionButton actor={actor} record={record} action={subject => ({ kind: 'skip', subject, startMs: null })}>
            Skip next run
          </ActionButton>
        )}
        <ActionButton
          actor={actor}
          record={record}
          action={subject => ({ kind: active ? 'pause' : 'resume', subject })}
        >
          {active ? 'Pause' : 'Resume'}
        </ActionButton>
        <ActionButton actor={actor} record={record} kind="danger" action={subject => ({ kind: 'delete', subject })}>
          Delete
        </ActionButton>
      </p>
      {group !== undefined && <p class="note">It is part of group {group.id}, which is changed as a whole.</p>}
    </>
  );
}
