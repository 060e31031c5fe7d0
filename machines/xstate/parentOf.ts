import type { ActorRefLike, AnyActor, AnyActorRef } from 'xstate';

/**
 * The parent of an actor; undefined for a root.
 *
 * XState does not document `_parent`. Without it, it is the option that the actor was created with.
 */
export function parentOf(actor: ActorRefLike): AnyActorRef | undefined {
  const { _parent, options } = actor as Partial<AnyActor>;
  return '_parent' in actor ? _parent : options?.parent;
}
