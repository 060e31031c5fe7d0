import type { AnyActorRef } from 'xstate';

/**
 * Stops the children of a machine that has failed. XState stops children in a transition of their parent; when that transition throws,
 * they keep running with all their timers.
 *
 * It sends the event by which XState stops an actor, which is not documented; a test pins it.
 */
export function stopChildren(actor: AnyActorRef): void {
  for (const child of Object.values<AnyActorRef>(actor.getSnapshot().children ?? {}))
    child.send({ type: 'xstate.stop' });
}
