import type { AnyActorRef, AnyEventObject } from 'xstate';

/** Undocumented members of XState's actors; a test pins them. */
interface EmittingActor {
  readonly eventListeners?: ReadonlyMap<string, ReadonlySet<unknown>>;
}

/**
 * Whether an event that an actor emits and sends to its parent is handled: by a listener of the actor, or by its parent in its present
 * state. A parent that is not a machine counts as handling it.
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
    // A guard of the parent throws, which it will do again when it receives the event.
    return true;
  }
}
