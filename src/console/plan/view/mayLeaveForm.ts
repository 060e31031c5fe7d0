import type { ConsoleActor } from '../../machine/consoleMachine.js';
import type { PlanFormActor } from '../planFormMachine.js';

/** Whether the form may be closed: asks when something in it was edited and is not saved. */
export function mayLeaveForm(actor: ConsoleActor): boolean {
  const form = actor.getSnapshot().children.planForm as PlanFormActor | undefined;
  if (form?.getSnapshot().context.isEdited !== true) return true;
  return confirm('The form has changes that are not saved. Close it without saving?');
}
