import type { DispatchRecord } from '../src/model/dispatchRecord.js';
import type { Run } from '../src/model/schedule.js';

/** A dispatch of the present set, as a dispatcher holds it. */
export interface RegisteredDispatch {
  readonly dispatch: DispatchRecord;
  /** The run it is in, as far as it was announced; null when in none. */
  readonly run: Run | null;
  /** When its running state was notified last, milliseconds since the epoch; null when it never was. */
  readonly notifiedMs: number | null;
}

/** The present set of dispatches: what a pool lets others see. As JSON it is its size only. */
export interface DispatchRegistry {
  readonly size: number;
  get(id: number): RegisteredDispatch | undefined;
  /** In the order in which they came to be known. */
  ids(): IterableIterator<number>;
}
