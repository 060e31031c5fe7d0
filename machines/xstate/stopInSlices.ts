import type { AnyActor, AnyActorRef } from 'xstate';

/** Number of children to stop at once; each takes some microseconds. */
const sliceSize = 1_000;

/**
 * Stops the children of an actor that is being stopped: 1,000 at once, the rest in slices, by the clock of their actor system.
 * Stopping 100,000 at once would block the event loop for half a second; this happens if the actor has no clock, which XState has in its
 * types but does not document.
 *
 * Only for children that receive events from nobody but their parent and do nothing by themselves.
 */
export function stopInSlices(
  { self, stopChild }: { readonly self: AnyActorRef; readonly stopChild: (child: AnyActorRef) => void },
  children: Iterator<{ readonly actor: AnyActorRef }, unknown>,
): void {
  const { clock } = self as Partial<AnyActor>;
  const stopSlice = () => {
    for (let left = clock === undefined ? Number.POSITIVE_INFINITY : sliceSize; left > 0; left -= 1) {
      const next = children.next();
      if (next.done) return;
      stopChild(next.value.actor);
    }
    clock?.setTimeout(stopSlice, 0);
  };
  stopSlice();
}
