import type { ActorLogic, Snapshot } from 'xstate';
import type { PoolEvent } from '../protocol/messages.js';
import type { SystemEvent } from '../xstate/systemEvent.js';
import type { DispatchRegistry } from './dispatchRegistry.js';
import type { PersistedPool } from './persistedPool.js';
import { PoolState } from './poolState.js';

/** Snapshot of a pool: its context is the registry of the present dispatches. */
export type DispatchPoolSnapshot = Snapshot<undefined> & { readonly context: DispatchRegistry };

/** Type of {@link dispatchPool}. */
export interface DispatchPoolLogic
  extends ActorLogic<DispatchPoolSnapshot, PoolEvent | SystemEvent, { readonly microgridId: number }> {}

/**
 * Actor logic that owns one `dispatchMachine` actor per dispatch, wakes them by one agenda, and sends its parent notifications,
 * lifecycle events, problems and the time of the next change.
 *
 * It is not a machine, because a machine copies the list of its children whenever it spawns or stops one.
 */
export const dispatchPool: DispatchPoolLogic = {
  getInitialSnapshot: (scope, { microgridId }) => activeSnapshot(new PoolState(scope, microgridId)),
  transition: (snapshot, event) => {
    poolOf(snapshot).receive(event);
    // The set changes in place; a new snapshot object shows subscribers that it did.
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
  throw new TypeError('the snapshot must be one of a dispatch pool');
}
