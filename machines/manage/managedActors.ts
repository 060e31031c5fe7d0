import type {
  ActorLogic,
  ActorRefLike,
  ActorSystem,
  ActorSystemInfo,
  AnyActorLogic,
  InputFrom,
  Snapshot,
} from 'xstate';
import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { RunningNotification } from '../dispatch/runNotification.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import type { DispatchInfo } from './dispatchInfo.js';
import { type ManagedActors, ManagerState } from './managerState.js';
import { checkedOptions, type ManagingClock, type ManagingOptions } from './managingOptions.js';
import type { TypeFilter } from './typeFilter.js';

/** Options of {@link managedActors}. */
export interface ManagedActorsOptions extends ManagingOptions {
  /** Types of the dispatches: one, several, or `'*'` for all. */
  readonly type: TypeFilter;
  /** Only dispatches of this microgrid, for machines that invoke several dispatchers. @default any */
  readonly microgridId?: number | undefined;
  /**
   * Source of time for waits. With `nowMs` no actor is started again once its run is over, although nobody has noticed that yet.
   * @default the timers of the actor system
   */
  readonly clock?: ManagingClock | undefined;
  /**
   * Called before an actor is started again because it failed or, with `restart: 'always'`, ended, with the dispatch in force; must not
   * throw. @default nobody is told
   */
  readonly onRestart?: ((dispatch: DispatchRecord) => void) | undefined;
  /** Told of problems; must not throw. @default they are `dispatcher.problem` events to the parent and to listeners */
  readonly onProblem?: ((problem: DispatchError) => void) | undefined;
}

/** Logic of managed actors: any XState logic that takes a {@link DispatchInfo} as its input. */
export type LogicOfDispatch<TLogic extends AnyActorLogic> = TLogic &
  (DispatchInfo extends InputFrom<TLogic> ? unknown : never);

/** Snapshot of {@link managedActors}: its context is the live view of the managed actors. */
export type ManagedActorsSnapshot = Snapshot<undefined> & { readonly context: ManagedActors };

/** Type of {@link managedActors}: it takes the `running.*` events of a dispatcher. */
export interface ManagedActorsLogic
  extends ActorLogic<ManagedActorsSnapshot, RunningNotification, unknown, ActorSystem<ActorSystemInfo>, ProblemEvent> {}

/**
 * Actor logic that runs one actor of another logic for each identity that is in force: started with the `DispatchInfo` as its input, told
 * when that changes, and stopped when nothing is in force.
 *
 * The machine that invokes it and a dispatcher forwards all `running.*` events to it. Started later than the dispatcher, it begins
 * with the dispatches that run already. An actor that fails, or cannot be started, or does not end in time, is a `dispatcher.problem`, to
 * the parent and to listeners; what nobody takes goes to the `logger` of the actor system. Events that the actors send to their parent
 * are ignored. Restored from a snapshot, it starts nothing by itself: the restored dispatcher tells what is in force.
 *
 * @param logic Any XState logic with an input of {@link DispatchInfo}: a machine, a promise, a callback, an observable or a transition.
 * @throws RangeError when `retryIntervalMs` or `stopTimeoutMs` is out of range.
 */
export function managedActors<TLogic extends AnyActorLogic>(
  logic: LogicOfDispatch<TLogic>,
  options: ManagedActorsOptions,
): ManagedActorsLogic {
  const { type, microgridId, clock, onRestart, onProblem } = options;
  const setup = { logic, type, microgridId, clock, onRestart, onProblem, options: checkedOptions(options) };
  return {
    getInitialSnapshot: scope => activeSnapshot(new ManagerState(scope, setup)),
    transition: (snapshot, event) => {
      const state = stateOf(snapshot);
      state.receive(event);
      // The set changes in place; a new snapshot object shows subscribers that it did.
      return { ...snapshot, status: state.hasEnded ? 'done' : snapshot.status } as ManagedActorsSnapshot;
    },
    start: snapshot => stateOf(snapshot).start(),
    getPersistedSnapshot: snapshot => activeSnapshot(stateOf(snapshot).persist()),
    restoreSnapshot: (_, scope) => activeSnapshot(new ManagerState(scope, setup, { isRestored: true })),
  };
}

/** Whether an actor runs managed actors. */
export function isManager(actor: ActorRefLike): boolean {
  return (actor.getSnapshot() as Partial<ManagedActorsSnapshot> | undefined)?.context instanceof ManagerState;
}

function activeSnapshot<TContext>(context: TContext) {
  return { status: 'active', output: undefined, error: undefined, context } as const;
}

function stateOf({ context }: ManagedActorsSnapshot): ManagerState {
  if (context instanceof ManagerState) return context;
  throw new TypeError('the snapshot must be one of managed actors');
}
