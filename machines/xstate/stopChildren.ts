import type { AnyActorRef } from 'xstate';
import { stopActor } from './stopActor.js';

/**
 * Stops the children of a machine that has failed. XState stops children in a transition of their parent; when that transition throws,
 * they keep running with all their timers.
 */
export function stopChildren(actor: AnyActorRef): void {
  for (const child of Object.values<AnyActorRef>(actor.getSnapshot().children ?? {})) {
    if (child.getSnapshot().status === 'active') stopActor(child);
  }
}
