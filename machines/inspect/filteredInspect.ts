import type { ActorRefLike, AnyEventObject, InspectionEvent, Observer } from 'xstate';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { DispatchState } from '../dispatch/dispatchMachine.js';
import type { DispatchPoolSnapshot } from '../pool/dispatchPool.js';
import { dispatcherOf, dispatchSnapshot, type Inspect, isDispatch, isPool, parentOf } from './inspectedActors.js';
import { abridgeEvent, dispatchOf, hasNews, isQuiet } from './inspectedEvents.js';

/** Which dispatches `filteredInspect` shows: those that meet all that is given. */
export interface FilteredInspectOptions {
  /** Of exactly one of these types. @default any */
  readonly types?: readonly string[];
  /** Of one of these ids. @default any */
  readonly ids?: readonly number[];
  /** In one of these states of `dispatchMachine`. @default any */
  readonly states?: readonly DispatchState[];
  /** So many of one dispatcher at once; when one goes, another that something happens to takes its place. @default 100 */
  readonly limit?: number;
}

type Inspected<TType> = Extract<InspectionEvent, { type: TType }>;
type ActorEvent = Inspected<'@xstate.event'>;
type ActorSnapshot = Inspected<'@xstate.snapshot'>;

/** What one event from outside sets off in a dispatcher, up to the next one. */
interface Chain {
  /** Whether it is to be seen. What only concerns dispatches that are not shown is not. */
  isShown: boolean;
  /** Its first events, until it is known whether it is to be seen. */
  readonly held: ActorEvent[];
  /** The shown dispatches that it concerns. */
  readonly ids: Set<number>;
}

/**
 * Keeps a large dispatcher viewable in the Stately inspector: wraps what one passes to XState as `inspect`.
 *
 * The dispatcher with its parts is shown, and the dispatches that the options choose. One that comes to be chosen later,
 * because its type or state changes, appears then; with the change that ends it it is seen for the last time. Events and
 * snapshots that only concern other dispatches are left out, also those of a machine that invoked the dispatcher, unless they
 * change its state. The events of the dispatcher are abridged, so that none of its messages has 10 kB. Notifications that
 * a dispatch emits are shown as events to its pool, which hears them.
 *
 * It chooses before anything is serialised. Other actors of the same system pass unchanged, but only actors, events and
 * snapshots do: what the inspector draws.
 *
 * @throws RangeError when the limit is negative.
 */
export function filteredInspect(inspect: Inspect, options: FilteredInspectOptions = {}): Observer<InspectionEvent> {
  const filter = new InspectFilter(inspect, options);
  return { next: event => filter.take(event) };
}

class InspectFilter {
  readonly #tell: (event: InspectionEvent) => void;
  readonly #types: ReadonlySet<string> | undefined;
  readonly #ids: ReadonlySet<number> | undefined;
  readonly #states: ReadonlySet<string> | undefined;
  readonly #limit: number;
  // All that follows is kept by the actor that it belongs to, and goes with it.
  readonly #registered = new WeakSet<ActorRefLike>();
  /** The present chain of each dispatcher. */
  readonly #chains = new WeakMap<ActorRefLike, Chain>();
  /** The dispatches that are shown, by their parent. */
  readonly #shown = new WeakMap<ActorRefLike, Set<ActorRefLike>>();
  /** What happens to a dispatch, until its snapshot tells whether it is to be seen. */
  readonly #pending = new WeakMap<ActorRefLike, (ActorEvent | ActorSnapshot)[]>();
  /** Events to machines that invoked a dispatcher; a snapshot that comes of one is only seen when it is another state. */
  readonly #leftOut = new WeakSet<AnyEventObject>();
  /** The last ones of the actors that are no part of a dispatcher. */
  readonly #lastSnapshots = new WeakMap<ActorRefLike, ActorSnapshot['snapshot']>();

  constructor(inspect: Inspect, { types, ids, states, limit = 100 }: FilteredInspectOptions) {
    if (!(limit >= 0)) throw new RangeError(`limit must be 0 or more, not ${limit}`);
    this.#tell = typeof inspect === 'function' ? inspect : event => inspect.next?.(event);
    this.#types = types && new Set(types);
    this.#ids = ids && new Set(ids);
    this.#states = states && new Set(states);
    this.#limit = limit;
  }

  take(event: InspectionEvent): void {
    switch (event.type) {
      case '@xstate.actor':
        // Of a dispatch nothing can be read yet.
        if (!isDispatch(event.actorRef)) this.#register(event.actorRef, event.rootId);
        break;
      case '@xstate.event':
        this.#takeEvent(event);
        break;
      case '@xstate.snapshot':
        this.#takeSnapshot(event);
        break;
      case '@xstate.action':
        this.#takeAction(event);
    }
  }

  #takeEvent(event: ActorEvent): void {
    const { actorRef, sourceRef } = event;
    if (isDispatch(actorRef)) this.#pend(actorRef, event);
    else if (sourceRef !== undefined && isDispatch(sourceRef)) {
      this.#pend(sourceRef, event);
      // One that failed has no snapshot to come.
      if (dispatchSnapshot(sourceRef).status === 'error') this.#settle(sourceRef);
    } else if (dispatcherOf(actorRef) !== undefined) this.#takeDispatcherEvent(event, this.#chainWith(event));
    else if (this.#isOfUnshown(event)) this.#leftOut.add(event.event);
    else this.#pass(event);
  }

  #takeDispatcherEvent(event: ActorEvent, chain: Chain): void {
    if (!chain.isShown && event.event.type === 'pool.reported' && hasNews(event.event)) this.#show(chain);
    if (chain.isShown) this.#pass(event);
    else if (isQuiet(event.event)) chain.held.push(event);
  }

  #takeSnapshot(event: ActorSnapshot): void {
    const { actorRef, snapshot } = event;
    if (isDispatch(actorRef)) {
      this.#pend(actorRef, event);
      this.#settle(actorRef);
      return;
    }
    if (dispatcherOf(actorRef) !== undefined) {
      if (this.#chainOf(actorRef).isShown) this.#pass(event);
      return;
    }
    const last = this.#lastSnapshots.get(actorRef);
    this.#lastSnapshots.set(actorRef, snapshot);
    if (!this.#leftOut.has(event.event) || !isSameState(last, snapshot)) this.#pass(event);
  }

  /** What a dispatch emits reaches its pool without an event that XState would tell of. */
  #takeAction({ actorRef, rootId, action }: Inspected<'@xstate.action'>): void {
    if (action.type !== 'xstate.emit' || !isDispatch(actorRef)) return;
    const pool = parentOf(actorRef);
    if (pool === undefined || !isPool(pool)) return;
    const { event } = action.params as { event: AnyEventObject };
    this.#pend(actorRef, { type: '@xstate.event', rootId, sourceRef: actorRef, actorRef: pool, event });
  }

  #pend(dispatch: ActorRefLike, event: ActorEvent | ActorSnapshot): void {
    const pending = this.#pending.get(dispatch);
    if (pending === undefined) this.#pending.set(dispatch, [event]);
    else pending.push(event);
  }

  /** Shows what happened to a dispatch if it is shown, or comes to be. */
  #settle(dispatch: ActorRefLike): void {
    const pending = this.#pending.get(dispatch) ?? [];
    this.#pending.delete(dispatch);
    const shown = this.#shownBeside(dispatch);
    const wasShown = shown.delete(dispatch);
    const isShown = this.#isChosen(dispatch) && shown.size < this.#limit;
    if (isShown) shown.add(dispatch);
    if (!wasShown && !isShown) return;
    const chain = this.#chainOf(dispatch);
    chain.ids.add(dispatchSnapshot(dispatch).context.dispatch.id);
    this.#show(chain);
    for (const event of pending) this.#pass(event);
  }

  #isChosen(dispatch: ActorRefLike): boolean {
    const { status, value, context } = dispatchSnapshot(dispatch);
    return status === 'active' && this.#isWanted(context.dispatch) && (this.#states?.has(value) ?? true);
  }

  #isWanted({ id, type }: DispatchRecord): boolean {
    return (this.#types?.has(type) ?? true) && (this.#ids?.has(id) ?? true);
  }

  #shownBeside(dispatch: ActorRefLike): Set<ActorRefLike> {
    return getOrAdd(this.#shown, parentOf(dispatch) ?? dispatch, () => new Set());
  }

  /** The chain that an event belongs to: a new one, when it comes to the dispatcher from elsewhere than the pool. */
  #chainWith({ actorRef, sourceRef, event }: ActorEvent): Chain {
    const isFirst = dispatcherOf(actorRef) === actorRef && (sourceRef === undefined || !isPool(sourceRef));
    if (!isFirst) return this.#chainOf(actorRef);
    const chain = newChain(!isQuiet(event));
    this.#chains.set(actorRef, chain);
    return chain;
  }

  #chainOf(actor: ActorRefLike): Chain {
    const parent = parentOf(actor);
    const dispatcher = dispatcherOf(actor) ?? (parent && dispatcherOf(parent)) ?? actor;
    return getOrAdd(this.#chains, dispatcher, () => newChain(true));
  }

  #show(chain: Chain): void {
    chain.isShown = true;
    for (const event of chain.held.splice(0)) this.#pass(event);
  }

  /** Whether an event tells a machine that invoked the dispatcher of a dispatch that is not shown. */
  #isOfUnshown({ sourceRef, event }: ActorEvent): boolean {
    if (sourceRef === undefined || dispatcherOf(sourceRef) !== sourceRef) return false;
    const dispatch = dispatchOf(event);
    return dispatch !== undefined && !this.#chainOf(sourceRef).ids.has(dispatch.id);
  }

  #pass(passed: ActorEvent | ActorSnapshot): void {
    const { actorRef, rootId, event } = passed;
    if ('sourceRef' in passed && passed.sourceRef !== undefined) this.#register(passed.sourceRef, rootId);
    this.#register(actorRef, rootId);
    if (dispatcherOf(actorRef) === undefined) {
      this.#tell(passed);
      return;
    }
    const { ids } = this.#chainOf(actorRef);
    const isReport = event.type === 'pool.reported';
    const short = abridgeEvent(event, dispatch => (isReport ? ids.has(dispatch.id) : this.#isWanted(dispatch)));
    const isOfPool = 'snapshot' in passed && isPool(actorRef);
    this.#tell({ ...passed, event: short, ...(isOfPool && { snapshot: this.#poolSnapshot(actorRef) }) });
  }

  /** A pool holds very many; how many, and how many of them are shown, is enough. */
  #poolSnapshot(pool: ActorRefLike): ActorSnapshot['snapshot'] {
    const snapshot = pool.getSnapshot() as DispatchPoolSnapshot;
    const context = { size: snapshot.context.size, shown: this.#shown.get(pool)?.size ?? 0 };
    return Object.assign({ ...snapshot }, { context });
  }

  /** The inspector knows an actor, and where it belongs, before it hears anything else of it. */
  #register(actorRef: ActorRefLike, rootId: string): void {
    if (this.#registered.has(actorRef)) return;
    this.#registered.add(actorRef);
    const parent = parentOf(actorRef);
    if (parent !== undefined) this.#register(parent, rootId);
    this.#tell({ type: '@xstate.actor', rootId, actorRef });
  }
}

function newChain(isShown: boolean): Chain {
  return { isShown, held: [], ids: new Set() };
}

function isSameState(before: object | undefined, after: object): boolean {
  const [a, b] = [before, after] as { status?: unknown; value?: unknown; context?: unknown }[];
  return a?.status === b?.status && a?.value === b?.value && a?.context === b?.context;
}

function getOrAdd<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
