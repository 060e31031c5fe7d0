import type { AnyActorScope, AnyMachineSnapshot, AnyStateMachine, ContextFrom, EmittedFrom, InputFrom } from 'xstate';

/** The start of an actor that settles in a state at once. */
export interface Beginning<TContext, TEmitted> {
  /** Name of that state. Actors that start in it share a snapshot. */
  readonly state: string;
  readonly context: TContext;
  /** Event that the actor emits when it is started; null for none. */
  readonly emits: TEmitted | null;
}

/**
 * A machine whose actors start in half the time: initial snapshots in the same state differ only in the context, so all share the
 * one that XState computes first.
 *
 * For a parent of very many actors. Sharing is safe, because XState does not mutate snapshots. A version of XState whose snapshots have
 * other properties computes each of them.
 *
 * @param beginningOf Start of the actor with this input; null if XState is to compute its snapshot.
 */
export function withSharedInitialSnapshot<TMachine extends AnyStateMachine>(
  machine: TMachine,
  beginningOf: (input: InputFrom<TMachine>) => Beginning<ContextFrom<TMachine>, EmittedFrom<TMachine>> | null,
): TMachine {
  const shared = new Map<string, AnyMachineSnapshot>();
  return Object.assign(Object.create(machine) as TMachine, {
    getInitialSnapshot: (scope: AnyActorScope, input: InputFrom<TMachine>) => {
      const beginning = beginningOf(input);
      if (beginning === null) return machine.getInitialSnapshot(scope, input);
      const { state, context, emits } = beginning;
      const snapshot = shared.get(state);
      if (snapshot === undefined) {
        const first = machine.getInitialSnapshot(scope, input) as AnyMachineSnapshot;
        // Without its context, which belongs to one actor.
        const copy = withContext(first, undefined);
        if (Object.keys(copy).join() === Object.keys(first).join()) shared.set(state, copy);
        return first;
      }
      if (emits !== null) emitAtStart(scope, emits, { context, event: { type: 'xstate.init', input } });
      return withContext(snapshot, context);
    },
  });
}

/**
 * Copies a snapshot with another context. The literal has the properties of XState's own in the same order, so that V8 gives both the
 * same hidden class. Copies by spread have another one, and a new one after a garbage collection: optimised code is then deoptimised at
 * the first transition of each actor, in the middle of a burst.
 */
function withContext(snapshot: AnyMachineSnapshot, context: unknown): AnyMachineSnapshot {
  return {
    status: snapshot.status,
    output: snapshot.output,
    error: snapshot.error,
    machine: snapshot.machine,
    context,
    _nodes: snapshot._nodes,
    value: snapshot.value,
    tags: snapshot.tags,
    children: snapshot.children,
    historyValue: snapshot.historyValue,
    matches: snapshot.matches,
    hasTag: snapshot.hasTag,
    can: snapshot.can,
    getMeta: snapshot.getMeta,
    toJSON: snapshot.toJSON,
  } as AnyMachineSnapshot;
}

/** Emits an event as XState's `emit` does in the initial transition: when the actor is started. */
function emitAtStart(
  scope: AnyActorScope,
  event: { readonly type: string },
  cause: { readonly context: unknown; readonly event: unknown },
): void {
  scope.actionExecutor({
    type: 'xstate.emit',
    info: { ...cause, self: scope.self, system: scope.system } as never,
    params: { event },
    exec: () => scope.defer(() => scope.emit(event)),
  });
}
