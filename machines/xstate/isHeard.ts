import type { AnyActorRef, AnyEventObject } from 'xstate';

/** What XState's actors have without saying so in their types; a test pins it. */
interface EmittingActor {
  readonly eventListeners?: ReadonlyMap<string, ReadonlySet<unknown>>;
}

/**
 * Whether anybody takes what an actor emits and sends to its parent: a listener of the actor, or its parent in the state that it is in.
 * A parent that is no machine counts as one that does.
 */
export function isHeard(actor: AnyActorRef, event: AnyEventObject): boolean {
  const { eventListeners } = actor as EmittingActor;
  const isListenedTo = [event.type, '*'].some(type => (eventListeners?.get(type)?.size ?? 0) > 0);
  return isListenedTo || isTakenByParent(actor, event);
}

function isTakenByParent({ _parent: parent }: AnyActorRef, event: AnyEventObject): boolean {
  if (parent === undefined) return false;
  try {
    return parent.getSnapshot().can?.(event) ?? true;
  } catch {
    // A guard of the parent failed, which it will hear of when it is sent the event.
    return true;
  }
}
