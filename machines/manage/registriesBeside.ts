import type { AnyActorRef } from 'xstate';
import { dispatchPool } from '../pool/dispatchPool.js';
import type { DispatchRegistry } from '../pool/dispatchRegistry.js';
import { logicOf } from '../xstate/logicOf.js';
import { parentOf } from '../xstate/parentOf.js';

/**
 * The registries of the dispatchers that an actor can hear of: its parent is a dispatcher, or has invoked one or several.
 */
export function registriesBeside(actor: AnyActorRef): DispatchRegistry[] {
  const parent = parentOf(actor);
  if (parent === undefined) return [];
  return [parent, ...childrenOf(parent)].flatMap(candidate => registryOf(candidate) ?? []);
}

function registryOf(actor: AnyActorRef): DispatchRegistry | undefined {
  const pool = childrenOf(actor).find(child => child.id === 'pool');
  return pool !== undefined && logicOf(pool) === dispatchPool ? pool.getSnapshot().context : undefined;
}

function childrenOf(actor: AnyActorRef): AnyActorRef[] {
  return Object.values<AnyActorRef | undefined>(actor.getSnapshot()?.children ?? {}).flatMap(child => child ?? []);
}
