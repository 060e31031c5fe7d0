import type { AnyActorRef } from 'xstate';

/**
 * Stops the children of a machine that has failed. XState stops children within a transition of their parent, and leaves those of
 * a machine whose transition threw as they are, with all their timers.
 *
 * The event is the one by which XState stops an actor; it does not document that. A test pins it.
 */
export function stopChildren(actor: AnyActorRef): void {
  for (const child of Object.values<AnyActorRef>(actor.getSnapshot().children ?? {}))
    child.send({ type: 'xstate.stop' });
}
