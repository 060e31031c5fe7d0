import type { ActorLogic, Snapshot } from 'xstate';
import type { PoolEvent } from '../protocol/messages.js';
import type { DispatchRegistry } from './dispatchRegistry.js';
import { type PersistedPool, PoolState, type SystemEvent } from './poolState.js';

/** The snapshot of a pool: its context is the present set of dispatches. */
export type DispatchPoolSnapshot = Snapshot<undefined> & { readonly context: DispatchRegistry };

/** The type of {@link dispatchPool}. */
export interface DispatchPoolLogic
  extends ActorLogic<DispatchPoolSnapshot, PoolEvent | SystemEvent, { readonly microgridId: number }> {}

/**
 * Actor logic that owns one `dispatchMachine` actor for each dispatch, wakes them by one agenda, and tells its parent
 * notifications, lifecycle events, problems and when it is wanted next.
 *
 * It is not a machine, because a machine copies the list of its children with each one that it spawns or stops.
 */
export const dispatchPool: DispatchPoolLogic = {
  getInitialSnapshot: (scope, { microgridId }) => activeSnapshot(new PoolState(scope, microgridId)),
  transition: (snapshot, event) => {
    poolOf(snapshot).receive(event);
    // The set changes in place: those who compare snapshots see that it did.
    return { ...snapshot };
  },
  start: snapshot => poolOf(snapshot).start(),
  getPersistedSnapshot: snapshot => activeSnapshot(poolOf(snapshot).persist()),
  restoreSnapshot: (snapshot, scope) => {
    const { context } = snapshot as Snapshot<unknown> & { context: PersistedPool };
    return activeSnapshot(new PoolState(scope, context.microgridId, context));
  },
};

function activeSnapshot<TContext>(context: TContext) {
  return { status: 'active', output: undefined, error: undefined, context } as const;
}

function poolOf({ context }: DispatchPoolSnapshot): PoolState {
  if (context instanceof PoolState) return context;
  throw new TypeError('not the snapshot of a dispatch pool');
}
