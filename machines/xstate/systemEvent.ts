/** Events that the actor system sends to an actor beside its own. */
export type SystemEvent =
  | { readonly type: 'xstate.stop' }
  | { readonly type: `xstate.error.actor.${string}`; readonly error: unknown }
  | { readonly type: `xstate.done.actor.${string}` };
