import type { PlanFormInput } from '../plan/planFormContext.js';
import { formInput, subjectAfter } from '../plan/planRequest.js';
import { bringIntoView } from '../view/bringIntoView.js';
import type { ViewState } from '../view/viewState.js';
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

/** The view after something was taken back: what came back under another id is chosen, and searched by it, where it was by the old one. */
export function viewOfRestored({ view, shownId, nowMs }: ConsoleContext, event: ConsoleEvent): ViewState {
  if (event.type !== 'plan.restored' || event.microgridId !== shownId) return view;
  const { before, records } = event;
  const nowOf = (id: number | null) => {
    const index = before.findIndex(record => record.id === id);
    return index < 0 || records.some(record => record.id === id) ? undefined : (records[index] ?? records[0]);
  };
  const [, searchedId] = /^#(\d+)$/.exec(view.filter.trim()) ?? [];
  const searched = searchedId === undefined ? undefined : nowOf(Number(searchedId));
  const found = searched === undefined ? view : { ...view, filter: `#${searched.id}` };
  const chosen = nowOf(view.chosenId);
  return chosen === undefined ? found : bringIntoView(found, chosen, nowMs);
}
