import type { EventObject, MachineContext } from 'xstate';
import { type BurstArgs, burstAction } from '../xstate/burstAction.js';

/** XState's `emit` for any number of events, in order. */
export function emitAll<TContext extends MachineContext, TEvent extends EventObject, TOutput extends EventObject>(
  eventsOf: (args: BurstArgs<TContext, TEvent>) => readonly TOutput[],
) {
  return burstAction<TContext, TEvent, undefined, TOutput>('xstate.emit', eventsOf, (scope, event) =>
    scope.emit(event),
  );
}
