import type { AnyActorRef, AnyActorScope, AnyStateMachine, EmittedFrom } from 'xstate';

/** A machine whose parents can listen to the events that their children emit. */
export interface ListenedMachine<TMachine extends AnyStateMachine> {
  readonly machine: TMachine;
  /** Sets the listener for the events that the children of an actor emit, in addition to the listeners of each child. */
  listen(parent: AnyActorRef, listener: (event: EmittedFrom<TMachine>) => void): void;
}

/**
 * A machine with one listener for all children of a parent.
 *
 * For parents of very many actors: `actor.on` costs half a kilobyte per actor. One machine serves all parents, because V8 optimises
 * XState's code for the machines that it has seen.
 */
export function withEmitListener<TMachine extends AnyStateMachine>(machine: TMachine): ListenedMachine<TMachine> {
  const listeners = new WeakMap<AnyActorRef, (event: EmittedFrom<TMachine>) => void>();
  const listening = (scope: AnyActorScope): AnyActorScope => ({
    ...scope,
    emit: event => {
      scope.emit(event);
      const parent = scope.self._parent;
      if (parent !== undefined) listeners.get(parent)?.(event);
    },
  });
  return {
    machine: Object.assign(Object.create(machine) as TMachine, {
      getInitialSnapshot: (scope: AnyActorScope, input: unknown) => machine.getInitialSnapshot(listening(scope), input),
      transition: (snapshot: never, event: never, scope: AnyActorScope) =>
        machine.transition(snapshot, event, listening(scope)),
    }),
    listen: (parent, listener) => {
      listeners.set(parent, listener);
    },
  };
}
