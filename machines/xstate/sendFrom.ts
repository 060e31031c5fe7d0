import type { AnyActorRef, EventObject } from 'xstate';
import { parentOf } from './parentOf.js';

/** Undocumented members of XState's actor systems; a test pins them. */
interface SendingSystem {
  _relay?(source: AnyActorRef, target: AnyActorRef, event: EventObject): void;
}

/**
 * Sends an event from one actor to another, so that the inspector can draw its source: custom actor logic has no other way to name
 * itself as the sender.
 *
 * XState does not document this. If it is missing, the event is sent without a source.
 */
export function sendFrom<TEvent extends EventObject>(source: AnyActorRef, target: AnyActorRef, event: TEvent): void {
  const system = source.system as SendingSystem;
  if (system._relay === undefined) target.send(event);
  else system._relay(source, target, event);
}

/** Sends an event to the parent of an actor; does nothing for a root actor. */
export function sendToParentFrom<TEvent extends EventObject>(source: AnyActorRef, event: TEvent): void {
  const parent = parentOf(source);
  if (parent !== undefined) sendFrom(source, parent, event);
}
