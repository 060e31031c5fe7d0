import { type ActionFunction, type AnyActorScope, type EventObject, emit, type MachineContext } from 'xstate';

/** What a burst action computes its events from. */
export interface BurstArgs<TContext, TEvent> {
  readonly context: TContext;
  readonly event: TEvent;
}

/**
 * An action about any number of events that follow from a transition, dealt with in order when that is done: one action for a
 * burst of notifications, where an action for each would cost more than all else that the transition does.
 *
 * It is XState's `emit` whose inside is replaced. XState does not document that; a test pins it. A plain function would run
 * within the transition, and XState warns of the actions of a parent that is told meanwhile.
 *
 * @param type what inspectors and `transition()` call the action
 */
export function burstAction<
  TContext extends MachineContext,
  TEvent extends EventObject,
  TParams extends Record<string, unknown> | undefined,
  TOutput extends EventObject,
>(
  type: string,
  eventsOf: (args: BurstArgs<TContext, TEvent>, params: TParams) => readonly TOutput[],
  deal: (scope: AnyActorScope, event: TOutput) => void,
): ActionFunction<TContext, TEvent, TEvent, TParams, never, never, never, never, TOutput> {
  const inside = {
    type,
    resolve: (_scope: AnyActorScope, snapshot: unknown, args: BurstArgs<TContext, TEvent>, params: TParams) => [
      snapshot,
      { events: eventsOf(args, params) },
      undefined,
    ],
    execute: (scope: AnyActorScope, { events }: { events: readonly TOutput[] }) => {
      scope.defer(() => {
        for (const event of events) deal(scope, event);
      });
    },
  };
  return Object.assign(emit<TContext, TEvent, TParams, TEvent, TOutput & { [key: string]: unknown }>(unused), inside);
}

function unused(): never {
  throw new Error('XState asks a burst action for its events in another way');
}
