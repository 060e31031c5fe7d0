import type { EventObject, MachineContext } from 'xstate';
import { type BurstArgs, burstAction } from '../xstate/burstAction.js';
import { relayToParent } from '../xstate/relay.js';

/** XState's `sendParent` for any number of events, in order. A root has no parent, and nothing happens. */
export function sendAllToParent<
  TContext extends MachineContext,
  TEvent extends EventObject,
  TParams extends Record<string, unknown> | undefined,
  TOutput extends EventObject,
>(eventsOf: (args: BurstArgs<TContext, TEvent>, params: TParams) => readonly TOutput[]) {
  return burstAction<TContext, TEvent, TParams, TOutput>('sendAllToParent', eventsOf, (scope, event) =>
    relayToParent(scope.self, event),
  );
}
