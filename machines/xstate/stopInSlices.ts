import type { AnyActor, AnyActorRef } from 'xstate';

/** What stops a child takes some microseconds. */
const sliceSize = 1_000;

/**
 * Stops the children of an actor that is being stopped: 1,000 at once, and the rest bit by bit, by the clock of their actor
 * system. All of 100,000 at once would block the event loop for half a second, and do so if the actor has no clock, which
 * XState has in its types but does not document.
 *
 * Only for children that nobody but their parent sends events to, and that do nothing of their own.
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
