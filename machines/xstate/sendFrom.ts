import type { AnyActorRef, EventObject } from 'xstate';

/** What XState's actor systems have without saying so in their types; a test pins it. */
interface SendingSystem {
  _relay(source: AnyActorRef, target: AnyActorRef, event: EventObject): void;
}

/**
 * Sends an event from one actor to another, so that the inspector draws its arrow; `target.send(event)` has no source.
 *
 * The one place that touches what XState keeps to itself: custom actor logic has no other way to name itself as sender.
 */
export function sendFrom<TEvent extends EventObject>(source: AnyActorRef, target: AnyActorRef, event: TEvent): void {
  (source.system as unknown as SendingSystem)._relay(source, target, event);
}

/** Sends an event to the parent of an actor; a root has none and nothing happens. */
export function sendToParentFrom<TEvent extends EventObject>(source: AnyActorRef, event: TEvent): void {
  if (source._parent !== undefined) sendFrom(source, source._parent, event);
}
