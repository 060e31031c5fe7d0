import { type Clock, yieldBetweenSlices } from '../../../machines/protocol/clock.js';

/** Options of {@link inSlices}. */
export interface SlicesOptions<Step> {
  readonly signal?: AbortSignal;
  /** Is told what each step of the work yields. */
  readonly onStep?: (step: Step) => void;
}

/**
 * Does work that yields between its steps, in slices between which the page stays alive.
 *
 * @throws the reason of the signal when that aborts.
 */
export async function inSlices<T, Step = void>(
  steps: Generator<Step, T, void>,
  clock: Clock,
  { signal, onStep }: SlicesOptions<Step> = {},
): Promise<T> {
  const turn = yieldBetweenSlices(clock);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    onStep?.(step.value);
    await turn();
    signal?.throwIfAborted();
  }
}
