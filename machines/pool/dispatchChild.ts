import type { ActorRefFrom } from 'xstate';
import type { DispatchState, dispatchMachine } from '../dispatch/dispatchMachine.js';
import type { StoreChange, StoredDispatch } from '../protocol/dispatcherStore.js';
import type { AgendaEntry } from './agenda.js';
import type { RegisteredDispatch } from './dispatchRegistry.js';

/** One dispatch of a pool: its actor, and when that is to be woken. */
export interface DispatchChild extends AgendaEntry {
  readonly actor: ActorRefFrom<typeof dispatchMachine>;
  /** When its running state was notified last, milliseconds since the epoch; null when it never was. */
  notifiedMs: number | null;
  isRunning: boolean;
}

/** A child as the pool lets others see it. */
export function entryOf({ actor, notifiedMs }: DispatchChild): RegisteredDispatch {
  const { value, context } = actor.getSnapshot();
  const { dispatch, run } = context;
  return { dispatch, state: value as DispatchState, run, notifiedMs };
}

/** A child for the store to keep. */
export function kept(child: DispatchChild): StoreChange {
  return { kind: 'kept', id: child.id, stored: storedOf(child) };
}

/** Children for the store to keep. */
export function* keptOfAll(children: Iterable<DispatchChild>): Generator<StoreChange> {
  for (const child of children) yield kept(child);
}

/** A child as JSON. */
export function storedOf({ actor, notifiedMs }: DispatchChild): StoredDispatch {
  const { value, context } = actor.getSnapshot();
  return { state: value as DispatchState, context, notifiedMs };
}
