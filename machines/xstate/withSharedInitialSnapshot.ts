import type { AnyActorScope, AnyMachineSnapshot, AnyStateMachine, ContextFrom, InputFrom } from 'xstate';

/**
 * V8 lays out the first copies that a spread makes in another way than all later ones. Code that was compiled for the latter is
 * thrown away when it meets one of the former.
 */
const copiesUntilSettled = 100;

/**
 * A machine whose actors start in half the time when they begin at rest in the same state: their first snapshots differ in
 * the context only, so the one that XState works out first serves all of them.
 *
 * For a parent of very many actors. Snapshots share what they have in common, as XState never changes one.
 *
 * @param contextAtRest the context of an actor that begins at rest; null for one that does not, which XState works out
 */
export function withSharedInitialSnapshot<TMachine extends AnyStateMachine>(
  machine: TMachine,
  contextAtRest: (input: InputFrom<TMachine>) => ContextFrom<TMachine> | null,
): TMachine {
  let atRest: AnyMachineSnapshot | undefined;
  const withContext = (snapshot: AnyMachineSnapshot, context: unknown): AnyMachineSnapshot => ({
    ...snapshot,
    context,
  });
  return Object.assign(Object.create(machine) as TMachine, {
    getInitialSnapshot: (scope: AnyActorScope, input: InputFrom<TMachine>) => {
      const context = contextAtRest(input);
      if (context === null) return machine.getInitialSnapshot(scope, input);
      if (atRest === undefined) {
        // Without its context: that belongs to one actor, which may be long gone.
        atRest = withContext(machine.getInitialSnapshot(scope, input) as AnyMachineSnapshot, undefined);
        for (let i = 0; i < copiesUntilSettled; i++) withContext(atRest, context);
      }
      return withContext(atRest, context);
    },
  });
}
