import type { AnyActorRef, AnyActorScope, AnyStateMachine, Snapshot } from 'xstate';

/** Options of {@link withSnapshotCheck}. */
export interface SnapshotCheck {
  /** Fields that are added to each persisted snapshot. */
  readonly formatVersion: number;
  /** Snapshot of an actor whose persisted snapshot was refused, until it fails. */
  readonly refused: { readonly value: string; readonly context: object };
  /**
   * Returns the snapshot to restore for a persisted one; throws when it cannot be restored.
   *
   * @param input The input that the actor was created with, if any.
   */
  readonly prepare: (persisted: unknown, input: unknown) => Snapshot<unknown>;
}

/**
 * Makes a machine, and all machines that `provide` derives from it, check the snapshots that they are restored from; returns it. An actor
 * whose snapshot is refused fails when it starts: a root actor reports the error to its observers, an invoked or spawned one to its parent
 * (`onError`). XState itself leaves a child that cannot be restored unstarted, without an error.
 */
export function withSnapshotCheck<TMachine extends AnyStateMachine>(machine: TMachine, check: SnapshotCheck): TMachine {
  const refusals = new WeakMap<AnyActorRef, { readonly error: unknown }>();
  const { getPersistedSnapshot, restoreSnapshot, start, provide }: AnyStateMachine = machine;
  const checked: Partial<AnyStateMachine> = {
    provide: implementations => withSnapshotCheck(provide.call(machine, implementations), check),
    getPersistedSnapshot: (snapshot, options) => {
      return Object.assign(getPersistedSnapshot(snapshot, options), { formatVersion: check.formatVersion });
    },
    restoreSnapshot: (persisted, scope) => {
      try {
        return restoreSnapshot(check.prepare(persisted, inputOf(scope)) as typeof persisted, scope);
      } catch (error) {
        refusals.set(scope.self, { error });
        return machine.resolveState(check.refused);
      }
    },
  };
  const checkedStart = (snapshot: never, scope: AnyActorScope) => {
    const refusal = refusals.get(scope.self);
    if (refusal !== undefined) throw refusal.error;
    start(snapshot);
  };
  return Object.assign(machine, checked, { start: checkedStart });
}

/** The input in the options of an actor. */
function inputOf({ self }: AnyActorScope): unknown {
  return (self as Partial<{ options: { input?: unknown } }>).options?.input;
}
