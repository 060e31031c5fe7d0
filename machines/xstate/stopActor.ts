import type { AnyActorRef } from 'xstate';

/**
 * Stops an actor that is not a root, and that its parent does not hold as a child.
 *
 * It sends the event by which XState stops an actor, which is not documented; a test pins it.
 */
export function stopActor(actor: AnyActorRef): void {
  actor.send({ type: 'xstate.stop' });
}
