import type { ActorRefLike, AnyActor, InspectionEvent, Observer, SnapshotFrom } from 'xstate';
import { dispatchMachine } from '../dispatch/dispatchMachine.js';
import { dispatcherMachine } from '../dispatcher/dispatcherMachine.js';
import { dispatchPool } from '../pool/dispatchPool.js';

/** What XState takes as its `inspect` option: `createBrowserInspector().inspect` of the Stately inspector, or a function. */
export type Inspect = Observer<InspectionEvent> | ((event: InspectionEvent) => void);

/** Whether an actor is one of `dispatchMachine`, whatever was provided to it. */
export function isDispatch(actor: ActorRefLike): boolean {
  return configOf(actor) === dispatchMachine.config;
}

/** Whether an actor is one of `dispatchPool`. */
export function isPool(actor: ActorRefLike): boolean {
  return (actor as AnyActor).logic === dispatchPool;
}

/** The dispatcher that an actor is, or whose part it is: its pool, source, timer and the like. */
export function dispatcherOf(actor: ActorRefLike): ActorRefLike | undefined {
  if (isDispatcher(actor)) return actor;
  const parent = parentOf(actor);
  return parent !== undefined && isDispatcher(parent) ? parent : undefined;
}

/** The parent of an actor; a root has none. */
export function parentOf(actor: ActorRefLike): ActorRefLike | undefined {
  return (actor as AnyActor)._parent;
}

/** Where a dispatch stands. */
export function dispatchSnapshot(actor: ActorRefLike): SnapshotFrom<typeof dispatchMachine> {
  return actor.getSnapshot();
}

function isDispatcher(actor: ActorRefLike): boolean {
  return configOf(actor) === dispatcherMachine.config;
}

function configOf(actor: ActorRefLike): unknown {
  return (actor as AnyActor).logic?.config;
}
