import type { ActorRefLike } from 'xstate';

/**
 * Whether an actor has not been started, is running, or was stopped; also when nothing of its snapshot tells.
 *
 * XState does not document `_processingStatus`. Without it, an actor that was stopped before its start counts as not started.
 */
export function processingOf(actor: ActorRefLike): 'not started' | 'running' | 'stopped' {
  const { _processingStatus: status } = actor as { readonly _processingStatus?: number };
  if (status === 1) return 'running';
  return status === 2 || actor.getSnapshot().status !== 'active' ? 'stopped' : 'not started';
}
