import type { ActorRefFrom, AnyActorRef } from 'xstate';
import type { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';

/** The actors without which a dispatcher does nothing, and nobody is told. */
const parts = ['pool', 'timer', 'store', 'source'] as const;

/**
 * Checks the snapshot that an actor was created from.
 *
 * @throws DispatchError when the actor could not carry on from it: the one of the machine that refused it, or `INVALID_ARGUMENT`.
 */
export function checkSnapshot(actor: ActorRefFrom<typeof dispatcherMachine>, microgridId: number): void {
  const { status, error, context, children = {} } = actor.getSnapshot() as RestoredSnapshot;
  const refuse = (reason: string, cause?: unknown): never => {
    const message = `the snapshot cannot be restored: ${reason}`;
    throw new DispatchError('INVALID_ARGUMENT', message, { microgridId, field: 'snapshot', cause });
  };
  if (error instanceof DispatchError) throw error;
  if (status === 'error') refuse(messageOf(error), error);
  if (status !== 'active') refuse('it was taken after the dispatcher had stopped');
  if (context?.microgridId !== microgridId) refuse(`it is of microgrid ${context?.microgridId}, not ${microgridId}`);
  for (const part of parts) {
    const child = children[part]?.getSnapshot();
    if (child === undefined) refuse(`it lacks the ${part}`);
    if (child?.status !== 'active') refuse(`its ${part} is wrong: ${messageOf(child?.error)}`, child?.error);
  }
}

/** What a snapshot turns out to be, whatever it was. */
interface RestoredSnapshot {
  readonly status: string;
  readonly error?: unknown;
  readonly context?: { readonly microgridId?: unknown };
  readonly children?: Readonly<Record<string, AnyActorRef | undefined>>;
}
