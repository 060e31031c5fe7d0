import type { PlanFormInput } from '../plan/planFormContext.js';
import { formInput, subjectAfter } from '../plan/planRequest.js';
import { type ConsoleContext, registryOf, shownMicrogrid } from './consoleContext.js';
import type { ConsoleEvent } from './consoleEvent.js';

/** The input of the form that is asked for; null: it cannot be opened. */
export function plannedInput(context: ConsoleContext, event: ConsoleEvent): PlanFormInput | null {
  const microgrid = shownMicrogrid(context);
  const present = microgrid && registryOf(microgrid);
  if (event.type !== 'plan.opened' || microgrid === undefined || present === undefined) return null;
  return formInput(event.request, {
    microgridId: microgrid.id,
    zone: context.view.zone,
    nowMs: context.nowMs,
    present,
  });
}

/** What is edited in the form after a dispatch of it changed; undefined: none did. */
export function changedSubject(context: ConsoleContext, event: ConsoleEvent): ReturnType<typeof subjectAfter> {
  const { plan, nowMs } = context;
  const microgrid = shownMicrogrid(context);
  const present = microgrid && registryOf(microgrid);
  if (!event.type.startsWith('lifecycle.') || !('dispatch' in event) || plan === null || present === undefined)
    return undefined;
  return event.dispatch.microgridId === plan.microgridId
    ? subjectAfter(plan.subject, event.dispatch, present, nowMs)
    : undefined;
}
