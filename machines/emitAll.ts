import { type ActionFunction, type AnyActorScope, type EventObject, emit, type MachineContext } from 'xstate';

/**
 * XState's `emit` for any number of events, in order: one action for a burst of notifications, where an `emit` for each
 * would cost more than all else that the transition does.
 *
 * It is a real `emit` whose inside is replaced. XState does not document that; a test pins it.
 */
export function emitAll<TContext extends MachineContext, TEvent extends EventObject, TEmitted extends EventObject>(
  eventsOf: (args: { context: TContext; event: TEvent }) => readonly TEmitted[],
): ActionFunction<TContext, TEvent, TEvent, undefined, never, never, never, never, TEmitted> {
  const inside = {
    resolve: (_scope: AnyActorScope, snapshot: unknown, args: { context: TContext; event: TEvent }) => [
      snapshot,
      { events: eventsOf(args) },
      undefined,
    ],
    execute: (scope: AnyActorScope, { events }: { events: readonly TEmitted[] }) => {
      scope.defer(() => {
        for (const event of events) scope.emit(event);
      });
    },
  };
  return Object.assign(
    emit<TContext, TEvent, undefined, TEvent, TEmitted & { [key: string]: unknown }>(unused),
    inside,
  );
}

function unused(): never {
  throw new Error('XState asks emitAll for its events in another way');
}
