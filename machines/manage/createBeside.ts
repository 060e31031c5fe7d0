import { type ActorRefFrom, type AnyActorRef, createActor } from 'xstate';
import type { ManagedActorsLogic } from './managedActors.js';

/** An actor of `managedActors`. */
export type Manager = ActorRefFrom<ManagedActorsLogic>;

/** The managers that were created beside the children of a machine, by that machine. */
const managers = new WeakMap<AnyActorRef, Set<Manager>>();

/**
 * Creates managed actors below an actor that does not know of them: in its actor system, so that an inspector shows them, but not among
 * its children, so that its snapshot does not contain them. Whoever creates them starts and stops them.
 */
export function createBeside(parent: AnyActorRef, logic: ManagedActorsLogic, id: string): Manager {
  const manager = createActor(logic, { id, parent, src: 'managedActors', input: undefined });
  const beside = managers.get(parent) ?? new Set();
  managers.set(parent, beside.add(manager));
  const forget = () => beside.delete(manager);
  manager.subscribe({ complete: forget, error: forget });
  return manager;
}

/** The managers that were created beside the children of a machine and have not ended. */
export function managersBeside(parent: AnyActorRef): Iterable<Manager> {
  return managers.get(parent) ?? [];
}
