import type { ActorRefLike, AnyEventObject, InspectionEvent, Observer } from 'xstate';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { DispatchState } from '../dispatch/dispatchMachine.js';
import type { DispatchPoolSnapshot } from '../pool/dispatchPool.js';
import { parentOf } from '../xstate/parentOf.js';
import { dispatcherOf, dispatchSnapshot, type Inspect, isDispatch, isPool } from './inspectedActors.js';
import { abridgeEvent, dispatchOf, hasNews, isQuiet } from './inspectedEvents.js';

/** Filter of `filteredInspect`: it shows dispatches that match every given option. */
export interface FilteredInspectOptions {
  /** Types, matched exactly. @default any */
  readonly types?: readonly string[] | undefined;
  /** Ids. @default any */
  readonly ids?: readonly number[] | undefined;
  /** States of `dispatchMachine`. @default any */
  readonly states?: readonly DispatchState[] | undefined;
  /** Maximum number of dispatches of one dispatcher at one time; when one goes, the next one with an event takes its place. @default 100 */
  readonly limit?: number | undefined;
}

type Inspected<TType> = Extract<InspectionEvent, { type: TType }>;
type ActorEvent = Inspected<'@xstate.event'>;
type ActorSnapshot = Inspected<'@xstate.snapshot'>;

/** The events that one external event causes in a dispatcher. */
interface Chain {
  /** Whether it is shown. Events that concern only hidden dispatches are not. */
  isShown: boolean;
  /** Its first events, held until it is known whether it is shown. */
  readonly held: ActorEvent[];
  /** The shown dispatches that it concerns. */
  readonly ids: Set<number>;
}

/**
 * Keeps a large dispatcher viewable in the Stately inspector: wraps the function that is passed to XState as `inspect`.
 *
 * It shows the dispatcher, its actors, and the dispatches that match the options. A dispatch that starts to match later, because its
 * type or state changes, appears then; the change that ends the match is the last one shown. Events and snapshots that concern
 * only other dispatches are omitted, also those of a machine that invoked the dispatcher, unless they change its state. The events of the
 * dispatcher are abridged, so that each message stays below 10 kB. Notifications that a dispatch emits are shown as events to its pool,
 * which listens to them.
 *
 * It filters before anything is serialised. Inspection events of other actors pass unchanged if the inspector draws them: actors,
 * events and snapshots.
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
  /** Events of a dispatch, held until its snapshot shows whether it matches. */
  readonly #pending = new WeakMap<ActorRefLike, (ActorEvent | ActorSnapshot)[]>();
  /** Events to machines that invoked a dispatcher; a snapshot that comes of one is only seen when it is another state. */
  readonly #leftOut = new WeakSet<AnyEventObject>();
  /** The last ones of the actors that are no part of a dispatcher. */
  readonly #lastSnapshots = new WeakMap<ActorRefLike, ActorSnapshot['snapshot']>();

  constructor(inspect: Inspect, { types, ids, states, limit = 100 }: FilteredInspectOptions) {
    if (!(limit >= 0)) throw new RangeError(`limit must be 0 or more, got ${limit}`);
    this.#tell = typeof inspect === 'function' ? inspect : event => inspect.next?.(event);
    this.#types = types && new Set(types);
    this.#ids = ids && new Set(ids);
    this.#states = states && new Set(states);
    this.#limit = limit;
  }

  take(event: InspectionEvent): void {
    switch (event.type) {
      case '@xstate.actor':
        // The state of a dispatch is not known yet.
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
      // A failed actor sends no further snapshot.
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

  /** A dispatch's emitted events reach its pool without an inspection event of XState. */
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

  /** Shows the events of a dispatch if it is shown or starts to match. */
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

  /** The chain of an event: a new one if the event comes to the dispatcher from another actor than the pool. */
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

  /** Whether an event to a machine that invoked the dispatcher is about a hidden dispatch. */
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

  /** Reduces the context of a pool to the number of dispatches and of shown ones. */
  #poolSnapshot(pool: ActorRefLike): ActorSnapshot['snapshot'] {
    const snapshot = pool.getSnapshot() as DispatchPoolSnapshot;
    const context = { size: snapshot.context.size, shown: this.#shown.get(pool)?.size ?? 0 };
    return Object.assign({ ...snapshot }, { context });
  }

  /** Registers an actor and its ancestors with the inspector before any other event about it. */
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
