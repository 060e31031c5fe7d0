import type { ConsoleActor } from '../../machine/consoleMachine.js';
import type { PlanFormActor } from '../planFormMachine.js';
import type { PlanRequest } from '../planRequest.js';

/** Opens the form, in place of one that is open, unless that has to stay. */
export function openForm(actor: ConsoleActor, request: PlanRequest): void {
  const form = actor.getSnapshot().children.planForm as PlanFormActor | undefined;
  if (form?.getSnapshot().matches('saving') !== true && mayLeaveForm(actor))
    actor.send({ type: 'plan.opened', request });
}

/** Whether the form that is open, if there is one, may be closed: asks when something in it was edited and is not saved. */
export function mayLeaveForm(actor: ConsoleActor): boolean {
  const form = actor.getSnapshot().children.planForm as PlanFormActor | undefined;
  return form === undefined || mayCloseForm(form);
}

/** Whether a form may be closed: asks when something in it was edited and is not saved. */
export function mayCloseForm(form: PlanFormActor): boolean {
  return (
    !form.getSnapshot().context.isEdited || confirm('The form has changes that are not saved. Close it without saving?')
  );
}
