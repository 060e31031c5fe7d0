import type { AnyActorRef, AnyActorScope, AnyStateMachine, Snapshot } from 'xstate';

/** What {@link withSnapshotCheck} does to persisted snapshots. */
export interface SnapshotCheck {
  /** Added to each snapshot that is persisted. */
  readonly formatVersion: number;
  /** What an actor whose snapshot was refused shows until it fails. */
  readonly refused: { readonly value: string; readonly context: object };
  /**
   * Returns what the machine restores in place of a persisted snapshot; throws when that cannot be restored.
   *
   * @param input what the actor was created with beside the snapshot, if anything
   */
  readonly prepare: (persisted: unknown, input: unknown) => Snapshot<unknown>;
}

/**
 * Makes a machine, and each that `provide` makes of it, check the snapshots that it is restored from; returns it. An actor whose snapshot
 * is refused fails when it is started: a root actor reports the error to its observers, an invoked or spawned one to its parent
 * (`onError`). XState leaves a child that cannot be restored unstarted, and tells nobody.
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

/** The input of an actor's options. */
function inputOf({ self }: AnyActorScope): unknown {
  return (self as Partial<{ options: { input?: unknown } }>).options?.input;
}
