import { DispatchError } from '../../src/model/dispatchError.js';
import type { StreamStart } from '../protocol/transport.js';

/** Difference between the clock of the service and this one above which it is a problem, in milliseconds. */
const maxOffsetMs = 2_000;

/** Compares this clock with that of the service: runs start by this one. */
export class ClockWatch {
  readonly #microgridId: number;
  #isOff = false;

  constructor(microgridId: number) {
    this.#microgridId = microgridId;
  }

  /** Returns the problem when the clocks begin to differ; null: they do not, or that is told already. */
  look(offset: StreamStart['clockOffset']): DispatchError | null {
    if (offset === undefined) return null;
    const { offsetMs, toleranceMs } = offset;
    const wasOff = this.#isOff;
    this.#isOff = Math.abs(offsetMs) - toleranceMs > maxOffsetMs;
    if (wasOff || !this.#isOff) return null;
    const seconds = `${(Math.abs(offsetMs) / 1_000).toFixed(1)} s ${offsetMs > 0 ? 'behind' : 'ahead of'}`;
    const message = `the clock of this computer is ${seconds} that of the service; runs start and stop by this clock`;
    return new DispatchError('FAILED_PRECONDITION', message, { microgridId: this.#microgridId });
  }
}
