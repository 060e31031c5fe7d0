import type { AnyActorRef, AnyActorScope, AnyStateMachine } from 'xstate';
import { parentOf } from './parentOf.js';
import { stopActor } from './stopActor.js';

/**
 * Makes the actors of a machine, and of all machines that `provide` derives from it, stop when an actor above them fails.
 * Changes the machine itself, and returns it.
 * XState stops children in a transition of their parent: when that throws, they keep running with all that they have opened.
 *
 * It adds an observer to the `observers` of each actor above, which XState does not document; a test pins it. If they are implemented
 * differently, such an actor keeps running, as XState leaves it.
 */
export function stopsWithParents<TMachine extends AnyStateMachine>(machine: TMachine): TMachine {
  const { start, provide }: AnyStateMachine = machine;
  const provideWatched: AnyStateMachine['provide'] = implementations =>
    stopsWithParents(provide.call(machine, implementations));
  const startWatched = (snapshot: never, scope: AnyActorScope) => {
    (start as (snapshot: never, scope: AnyActorScope) => void).call(machine, snapshot, scope);
    watchParents(scope.self);
  };
  return Object.assign(machine, { provide: provideWatched, start: startWatched });
}

function watchParents(actor: AnyActorRef): void {
  const undos: (() => void)[] = [];
  const unwatch = () => {
    for (const undo of undos.splice(0)) undo();
  };
  const stop = () => {
    unwatch();
    stopActor(actor);
  };
  for (let parent = parentOf(actor); parent !== undefined; parent = parentOf(parent))
    undos.push(onFailure(parent, stop));
  // An error of an actor with a parent is reported to the parent in any case.
  if (undos.length > 0) actor.subscribe({ complete: unwatch, error: unwatch });
}

/** Calls a function when an actor fails. */
function onFailure(actor: AnyActorRef, listener: () => void): () => void {
  const { observers } = actor as { readonly observers?: unknown };
  if (!(observers instanceof Set)) return () => {};
  const watch = new Watch(actor, observers, listener);
  observers.add(watch);
  return () => observers.delete(watch);
}

/** An observer that hears of a failure and leaves it to the others whether XState reports the error as unhandled. */
class Watch {
  readonly #actor: AnyActorRef;
  readonly #observers: ReadonlySet<unknown>;
  readonly #listener: () => void;

  constructor(actor: AnyActorRef, observers: ReadonlySet<unknown>, listener: () => void) {
    this.#actor = actor;
    this.#observers = observers;
    this.#listener = listener;
  }

  /** XState reports an error when an observer does not take it, and when a root has none. */
  get error(): (() => void) | undefined {
    // The failing actor may be in the middle of an event of the listener's actor.
    queueMicrotask(this.#listener);
    const isUnobservedRoot =
      parentOf(this.#actor) === undefined && [...this.#observers].every(other => other instanceof Watch);
    return isUnobservedRoot ? undefined : () => {};
  }
}
