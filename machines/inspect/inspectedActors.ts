import type { ActorRefLike, InspectionEvent, Observer, SnapshotFrom } from 'xstate';
import { dispatchMachine } from '../dispatch/dispatchMachine.js';
import { dispatcherMachine } from '../dispatcher/dispatcherMachine.js';
import { dispatchPool } from '../pool/dispatchPool.js';
import { logicOf } from '../xstate/logicOf.js';
import { parentOf } from '../xstate/parentOf.js';

/** The `inspect` option of XState: `createBrowserInspector().inspect` of the Stately inspector, or a function. */
export type Inspect = Observer<InspectionEvent> | ((event: InspectionEvent) => void);

/** Whether an actor runs `dispatchMachine`, with or without provided implementations. */
export function isDispatch(actor: ActorRefLike): boolean {
  return configOf(actor) === dispatchMachine.config;
}

/** Whether an actor runs `dispatchPool`. */
export function isPool(actor: ActorRefLike): boolean {
  return logicOf(actor) === dispatchPool;
}

/** The dispatcher that an actor is or belongs to, as its pool, source or timer. */
export function dispatcherOf(actor: ActorRefLike): ActorRefLike | undefined {
  if (isDispatcher(actor)) return actor;
  const parent = parentOf(actor);
  return parent !== undefined && isDispatcher(parent) ? parent : undefined;
}

/** State of a dispatch. */
export function dispatchSnapshot(actor: ActorRefLike): SnapshotFrom<typeof dispatchMachine> {
  return actor.getSnapshot();
}

function isDispatcher(actor: ActorRefLike): boolean {
  return configOf(actor) === dispatcherMachine.config;
}

function configOf(actor: ActorRefLike): unknown {
  return logicOf(actor)?.config;
}
