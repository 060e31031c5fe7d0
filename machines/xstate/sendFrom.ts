import type { AnyActorRef, EventObject } from 'xstate';
import { parentOf } from './parentOf.js';

/** What XState's actor systems have without saying so in their types; a test pins it. */
interface SendingSystem {
  _relay?(source: AnyActorRef, target: AnyActorRef, event: EventObject): void;
}

/**
 * Sends an event from one actor to another, so that the inspector draws its arrow: custom actor logic has no other way to name
 * itself as sender.
 *
 * XState does not document how. Without it the event is sent all the same, and has no arrow.
 */
export function sendFrom<TEvent extends EventObject>(source: AnyActorRef, target: AnyActorRef, event: TEvent): void {
  const system = source.system as SendingSystem;
  if (system._relay === undefined) target.send(event);
  else system._relay(source, target, event);
}

/** Sends an event to the parent of an actor; a root has none and nothing happens. */
export function sendToParentFrom<TEvent extends EventObject>(source: AnyActorRef, event: TEvent): void {
  const parent = parentOf(source);
  if (parent !== undefined) sendFrom(source, parent, event);
}
