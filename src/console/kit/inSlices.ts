import { type Clock, yieldBetweenSlices } from '../../../machines/protocol/clock.js';

/**
 * Does work that yields between its steps, in slices between which the page stays alive.
 *
 * @throws the reason of the signal when that aborts.
 */
export async function inSlices<T>(steps: Generator<void, T, void>, clock: Clock, signal?: AbortSignal): Promise<T> {
  const turn = yieldBetweenSlices(clock);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await turn();
    signal?.throwIfAborted();
  }
}
