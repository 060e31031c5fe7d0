import type { InspectionEvent, Observer } from 'xstate';
import type { Inspect } from './inspectedActors.js';
import { type FilteredInspectOptions, InspectFilter } from './inspectFilter.js';

/**
 * Keeps a large dispatcher viewable in the Stately inspector: wraps what one passes to XState as `inspect`.
 *
 * The dispatcher with its parts is shown, and the dispatches that the options choose. One that comes to be chosen later,
 * because its type or state changes, appears then; with the change that ends it it is seen for the last time. Events and
 * snapshots that only concern other dispatches are left out, also those of a machine that invoked the dispatcher, unless they
 * change its state. The events of the dispatcher are abridgeEvent, so that none of its messages has 10 kB. Notifications that
 * a dispatch emits are shown as events to its pool, which hears them.
 *
 * It chooses before anything is serialised. Other actors of the same system pass unchanged, but only actors, events and
 * snapshots do: what the inspector draws.
 *
 * @throws RangeError when the limit is negative.
 */
export function filteredInspect(inspect: Inspect, options: FilteredInspectOptions = {}): Observer<InspectionEvent> {
  const filter = new InspectFilter(inspect, options);
  return { next: event => filter.take(event) };
}
