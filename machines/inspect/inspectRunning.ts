import { type AnyActorRef, toObserver } from 'xstate';
import { managersBeside } from '../manage/createBeside.js';
import { isManager } from '../manage/managedActors.js';
import type { ManagedActors } from '../manage/managerState.js';
import type { DispatchRegistry } from '../pool/dispatchRegistry.js';
import { parentOf } from '../xstate/parentOf.js';
import { type Inspect, isPool } from './inspectedActors.js';

/**
 * Inspects an existing dispatcher, or a machine that invoked one: `inspect` first receives the existing actors with their snapshots,
 * then the inspection events of their system. Returns the function that ends the inspection.
 *
 * Unlike `createActor({ inspect })`, it can begin and end while the actor runs.
 */
export function inspectRunning(actor: AnyActorRef, inspect: Inspect): () => void {
  const observer = toObserver(inspect);
  const rootId = rootOf(actor).sessionId;
  for (const actorRef of withDescendants(actor)) {
    observer.next?.({ type: '@xstate.actor', rootId, actorRef });
    observer.next?.({
      type: '@xstate.snapshot',
      rootId,
      actorRef,
      event: { type: '' },
      snapshot: actorRef.getSnapshot(),
    });
  }
  const subscription = actor.system.inspect(observer);
  return () => subscription.unsubscribe();
}

function rootOf(actor: AnyActorRef): AnyActorRef {
  const parent = parentOf(actor);
  return parent === undefined ? actor : rootOf(parent);
}

function* withDescendants(actor: AnyActorRef): Generator<AnyActorRef> {
  yield actor;
  const snapshot = actor.getSnapshot() ?? {};
  if (isPool(actor)) yield* dispatchesOf(snapshot.context);
  else if (isManager(actor)) yield* managedBy(snapshot.context);
  else for (const child of Object.values<AnyActorRef>(snapshot.children ?? {})) yield* withDescendants(child);
  for (const manager of managersBeside(actor)) yield* withDescendants(manager);
}

function* managedBy(managed: ManagedActors): Generator<AnyActorRef> {
  for (const identity of managed.identities()) {
    const actor = managed.actor(identity);
    if (actor !== undefined) yield* withDescendants(actor);
  }
}

function* dispatchesOf(registry: DispatchRegistry): Generator<AnyActorRef> {
  for (const id of registry.ids()) {
    const actor = registry.actor(id);
    if (actor !== undefined) yield actor;
  }
}
