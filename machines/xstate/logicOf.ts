import type { ActorRefLike, AnyActor, AnyActorLogic, AnyMachineSnapshot } from 'xstate';
import { parentOf } from './parentOf.js';

/**
 * The logic of an actor; undefined when it cannot be known yet.
 *
 * XState has `logic` in its types, but does not document it. Without it, it is what the actor was created from: its source, the
 * machine of its snapshot, or what the machine of its parent has under the name of its source.
 */
export function logicOf(actor: ActorRefLike): AnyActorLogic | undefined {
  const { logic, src } = actor as Partial<AnyActor>;
  if (logic !== undefined) return logic;
  if (typeof src === 'object') return src;
  const own = machineOf(actor);
  if (own !== undefined || src === undefined) return own;
  const parent = parentOf(actor);
  return parent && (machineOf(parent)?.implementations.actors[src] as AnyActorLogic | undefined);
}

function machineOf(actor: ActorRefLike): AnyMachineSnapshot['machine'] | undefined {
  return (actor.getSnapshot() as Partial<AnyMachineSnapshot> | undefined)?.machine;
}
