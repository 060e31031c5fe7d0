import type { AnyActorScope, AnyStateMachine, EmittedFrom } from 'xstate';

/**
 * A machine with one listener for what all of its actors emit, in addition to the listeners of each actor.
 *
 * For a parent of very many actors: `actor.on` costs half a kilobyte per actor.
 */
export function withEmitListener<TMachine extends AnyStateMachine>(
  machine: TMachine,
  listener: (event: EmittedFrom<TMachine>) => void,
): TMachine {
  const listening = (scope: AnyActorScope): AnyActorScope => ({
    ...scope,
    emit: event => {
      scope.emit(event);
      listener(event);
    },
  });
  return Object.assign(Object.create(machine) as TMachine, {
    getInitialSnapshot: (scope: AnyActorScope, input: unknown) => machine.getInitialSnapshot(listening(scope), input),
    transition: (snapshot: never, event: never, scope: AnyActorScope) =>
      machine.transition(snapshot, event, listening(scope)),
  });
}
