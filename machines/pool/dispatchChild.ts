import { type ActorRefFrom, type AnyActorRef, createActor, type Snapshot } from 'xstate';
import { beginningOf, type DispatchState, dispatchMachine } from '../dispatch/dispatchMachine.js';
import type { DispatchContext, DispatchInput } from '../dispatch/dispatchPlan.js';
import type { RunNotification } from '../dispatch/runNotification.js';
import type { StoreChange, StoredDispatch } from '../protocol/dispatcherStore.js';
import { retentionAfterEndMs } from '../protocol/transport.js';
import { withEmitListener } from '../xstate/withEmitListener.js';
import { withSharedInitialSnapshot } from '../xstate/withSharedInitialSnapshot.js';
import { type AgendaEntry, notInAgenda } from './agenda.js';
import type { RegisteredDispatch } from './dispatchRegistry.js';

/** One dispatch of a pool: its actor and its agenda entry. */
export interface DispatchChild extends AgendaEntry {
  readonly actor: ActorRefFrom<typeof dispatchMachine>;
  /** Time of the last notification of its running state, milliseconds since the epoch; null: never. */
  notifiedMs: number | null;
  isRunning: boolean;
  /** Whether it was restored while running and is still to be resumed. */
  awaitsResumption: boolean;
}

/** Actor logic of the children of all pools. */
const childLogic = withEmitListener(withSharedInitialSnapshot(dispatchMachine, beginningOf));

/** Calls a function for each notification of the children of a pool. */
export function listenToChildren(pool: AnyActorRef, listener: (notification: RunNotification) => void): void {
  childLogic.listen(pool, listener);
}

/** Creates a child of a pool for a new dispatch, not started yet. */
export function createChild(pool: AnyActorRef, input: DispatchInput): DispatchChild {
  return newChild(pool, input, null);
}

/** Creates a child of a pool from its stored form, not started yet; it does not repeat its notifications. */
export function restoreChild(pool: AnyActorRef, { state, context, notifiedMs }: StoredDispatch): DispatchChild {
  const { dispatch, atMs } = context;
  // The shape that XState persists of a machine: restoring it is cheaper than `resolveState`.
  const persisted = { status: 'active', value: state, context, children: {}, historyValue: {} } as const;
  const snapshot: Snapshot<unknown> = { ...persisted, output: undefined, error: undefined };
  const child = newChild(pool, { dispatch, atMs }, notifiedMs, snapshot);
  child.awaitsResumption = state === 'running';
  return child;
}

function newChild(
  pool: AnyActorRef,
  input: DispatchInput,
  notifiedMs: number | null,
  snapshot?: Snapshot<unknown>,
): DispatchChild {
  const { id } = input.dispatch;
  // A spread would give each object its own hidden class, which costs time and memory with 100,000 of them.
  const own = { input, id: String(id), parent: pool, src: 'dispatch' } as const;
  const actor = createActor(childLogic.machine, Object.assign(own, snapshot && { snapshot }));
  return {
    id,
    actor,
    notifiedMs,
    isRunning: false,
    awaitsResumption: false,
    atMs: 0,
    kind: 'start',
    place: notInAgenda,
  };
}

/** The next change of a dispatch, at last that it is forgotten; null: none. */
export function nextChangeOf({
  nextChange,
  run,
  dispatch,
}: DispatchContext): Pick<AgendaEntry, 'atMs' | 'kind'> | null {
  if (nextChange !== null || run !== null || dispatch.endTimeMs === null) return nextChange;
  return { atMs: dispatch.endTimeMs + retentionAfterEndMs, kind: 'forget' };
}

/** Converts a child to an entry of the registry. */
export function entryOf({ actor, notifiedMs }: DispatchChild): RegisteredDispatch {
  const { value, context } = actor.getSnapshot();
  const { dispatch, run } = context;
  return { dispatch, state: value as DispatchState, run, notifiedMs };
}

/** Converts a child to its stored form. */
export function storedOf({ actor, notifiedMs }: DispatchChild): StoredDispatch {
  const { value, context } = actor.getSnapshot();
  return { state: value as DispatchState, context, notifiedMs };
}

/** Converts a child to a change for the store. */
export function toStoreChange(child: DispatchChild): StoreChange {
  return { kind: 'kept', id: child.id, stored: storedOf(child) };
}
