import { useSelected } from '../../kit/useSelected.js';
import type { ConsoleActor } from '../../machine/consoleMachine.js';
import type { PlanFormActor } from '../planFormMachine.js';
import type { PlannerActor } from '../plannerMachine.js';

/** The planner of the session; undefined when nobody is signed in. */
export function usePlanner(actor: ConsoleActor): PlannerActor | undefined {
  return useSelected(actor, snapshot => snapshot.children.planner as PlannerActor | undefined);
}

/** The form that is open; undefined: none. */
export function usePlanForm(actor: ConsoleActor): PlanFormActor | undefined {
  return useSelected(actor, snapshot => snapshot.children.planForm as PlanFormActor | undefined);
}
