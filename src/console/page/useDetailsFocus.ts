import { useEffect, useRef } from 'preact/hooks';
import { hasNoFocus, useKeptFocus } from '../kit/useKeptFocus.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { recordsOf } from '../plan/fields/planSubject.js';
import { lastOf } from '../plan/plannerMachine.js';
import { focusUndo } from '../plan/view/PlannerBar.js';
import { usePlanForm, usePlanner } from '../plan/view/usePlanner.js';

/**
 * Keeps the focus in the details of the chosen dispatch. Their heading gets it when a dispatch comes into them and nothing has it, as after
 * one was created, and when what had it is gone; where the dispatch itself was deleted here, the button that undoes that.
 *
 * @returns where the details and their heading are referred to
 */
export function useDetailsFocus(actor: ConsoleActor, chosenId: number | null, isThere: boolean) {
  const details = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const planner = usePlanner(actor);
  const form = usePlanForm(actor);
  useKeptFocus(details, () => {
    heading.current?.focus();
    const last = planner && lastOf(planner.getSnapshot().context, actor.getSnapshot().context.shownId ?? 0);
    if (!isThere && last && recordsOf(last.before).some(({ id }) => id === chosenId)) focusUndo();
  });
  useEffect(() => {
    if (chosenId !== null && isThere && form === undefined && hasNoFocus())
      heading.current?.focus({ preventScroll: true });
  }, [chosenId, isThere, form]);
  return [details, heading] as const;
}
