import type { AnyActor, AnyActorRef } from 'xstate';

/** Sets a timer; returns the function that cancels it. */
export type SetTimer = (callback: () => void, delayMs: number) => () => void;

/**
 * The timers of an actor system: the option `clock` of its root.
 *
 * XState has `clock` of an actor in its types, but does not document it; a test pins it.
 */
export function systemTimers(actor: AnyActorRef): SetTimer {
  return (callback, delayMs) => {
    const { clock } = actor as Partial<AnyActor>;
    if (clock === undefined) throw new Error('this version of XState has no clock: pass the option clock');
    const timer = clock.setTimeout(callback, delayMs);
    return () => clock.clearTimeout(timer);
  };
}
