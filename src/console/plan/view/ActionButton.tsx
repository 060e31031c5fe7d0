import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { Button, type ButtonProps } from '../../kit/Button.js';
import { useSelected } from '../../kit/useSelected.js';
import { mayWrite, registryOf, shownMicrogrid } from '../../machine/consoleContext.js';
import type { ConsoleActor } from '../../machine/consoleMachine.js';
import { type ExistingSubject, subjectOf } from '../fields/planSubject.js';
import type { PlannerActor } from '../plannerMachine.js';
import { presentRecords } from '../planRequest.js';
import type { PlanAction } from '../write/performAction.js';
import { usePlanner } from './usePlanner.js';

/** Properties of an {@link ActionButton}. */
export interface ActionButtonProps extends Omit<ButtonProps, 'onPress'> {
  readonly actor: ConsoleActor;
  readonly record: DispatchRecord;
  /** What it does to the dispatch, or to the group that it is part of. */
  readonly action: (subject: ExistingSubject) => PlanAction;
}

/** A button that does something to a dispatch; nothing where the key may not. */
export function ActionButton({ actor, ...props }: ActionButtonProps) {
  const planner = usePlanner(actor);
  const isOffered = useSelected(actor, ({ context }) => mayWrite(context));
  return isOffered && planner !== undefined ? <PlannerButton actor={actor} planner={planner} {...props} /> : null;
}

function PlannerButton({
  actor,
  planner,
  record,
  action,
  ...button
}: ActionButtonProps & { readonly planner: PlannerActor }) {
  const isBusy = useSelected(planner, ({ context }) => context.working !== null);
  const { id, microgridId } = record;
  const onPress = () => {
    const { context } = actor.getSnapshot();
    const microgrid = shownMicrogrid(context);
    const registry = microgrid && registryOf(microgrid);
    // What is shown may be a moment old.
    const present = registry?.get(id)?.dispatch ?? record;
    const subject = subjectOf(present, registry ? presentRecords(registry) : [present], context.nowMs);
    planner.send({ type: 'action.wanted', microgridId, action: action(subject) });
  };
  return <Button {...button} busy={isBusy} onPress={onPress} />;
}
