import { type ActionFunction, type AnyActorScope, type EventObject, emit, type MachineContext } from 'xstate';
import { sendToParentFrom } from './sendFrom.js';

/** What the events of an {@link emitAndSendToParent} action are computed from. */
export interface EmitArgs<TContext, TEvent> {
  readonly context: TContext;
  readonly event: TEvent;
}

/**
 * An action that emits any number of events, in order, and sends each to the parent of the actor where it has one: XState's
 * `emit` and `sendParent` as one action for a burst, because an action for each event costs more than the rest of the
 * transition. What is left of a burst is dropped when the actor is stopped meanwhile.
 *
 * It is XState's `emit` whose inside is replaced. XState does not document that; a test pins it. A plain function would run
 * within the transition, and XState warns of the actions of a parent that is told meanwhile.
 */
export function emitAndSendToParent<
  TContext extends MachineContext,
  TEvent extends EventObject,
  TParams extends Record<string, unknown> | undefined,
  TOutput extends EventObject,
>(
  eventsOf: (args: EmitArgs<TContext, TEvent>, params: TParams) => readonly TOutput[],
): ActionFunction<TContext, TEvent, TEvent, TParams, never, never, never, never, TOutput> {
  const inside = {
    type: 'xstate.emit',
    resolve: (_scope: AnyActorScope, snapshot: unknown, args: EmitArgs<TContext, TEvent>, params: TParams) => [
      snapshot,
      { events: eventsOf(args, params) },
      undefined,
    ],
    execute: (scope: AnyActorScope, { events }: { events: readonly TOutput[] }) => {
      scope.defer(() => {
        for (const event of events) {
          if (scope.self.getSnapshot().status === 'stopped') return;
          scope.emit(event);
          sendToParentFrom(scope.self, event);
        }
      });
    },
  };
  return Object.assign(emit<TContext, TEvent, TParams, TEvent, TOutput & { [key: string]: unknown }>(unused), inside);
}

function unused(): never {
  throw new Error('XState asks this action for its events in another way');
}
