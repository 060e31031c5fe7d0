import type { AnyActorScope, AnyStateMachine, EmittedFrom } from 'xstate';

/**
 * A machine whose actors are withEmitListener: the listener is told whatever they emit, beside those who listen to one of them.
 *
 * For a parent of very many actors: `actor.on` costs each of them half a kilobyte.
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
