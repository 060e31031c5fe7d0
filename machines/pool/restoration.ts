import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatcherOutput } from '../protocol/dispatcherOutput.js';
import { Agenda, type AgendaEntry, notInAgenda } from './agenda.js';
import type { DispatchChildren } from './dispatchChildren.js';
import { readStoredDispatch } from './storedDispatch.js';

/** What a {@link Restoration} needs of its pool. */
export interface RestorationSetup {
  readonly microgridId: number;
  readonly children: DispatchChildren;
  readonly tell: (output: DispatcherOutput) => void;
}

/**
 * Restores the dispatches of an earlier dispatcher, from a snapshot or a store. Nothing is due until all are restored; at the first
 * time after that, the running ones are resumed before anything else happens.
 */
export class Restoration {
  readonly #setup: RestorationSetup;
  /** Running dispatches that are still to be resumed, by the start of the run, then id. */
  readonly #untold = new Agenda<AgendaEntry>();
  #phase: 'none' | 'loading' | 'loaded' | 'resuming' | 'done' = 'none';
  #firstMs = 0;
  #isIncomplete = false;
  #count = 0;

  constructor(setup: RestorationSetup) {
    this.#setup = setup;
  }

  /** Whether a store is being read. */
  get isLoading(): boolean {
    return this.#phase === 'loading';
  }

  /** Whether all dispatches are restored and some are still to be resumed. */
  get isPending(): boolean {
    return this.#phase === 'loaded' || this.#phase === 'resuming';
  }

  /** Whether the pool only waits for its turn to continue with {@link resume}. */
  get isResuming(): boolean {
    return this.#phase === 'resuming';
  }

  /** Whether a dispatch could not be restored, so that the store must be rewritten. */
  get isIncomplete(): boolean {
    return this.#isIncomplete;
  }

  /** Number of restored dispatches. */
  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#phase = 'loading';
  }

  /** Restores a dispatch; one that cannot be restored is a problem and does not affect the others. */
  take(dispatches: readonly unknown[]): void {
    for (const value of dispatches) this.#takeOne(value);
  }

  /** @param complete Whether all dispatches could be read. */
  end(complete: boolean): void {
    this.#phase = 'loaded';
    this.#isIncomplete ||= !complete;
  }

  /**
   * Resumes at most `limit` dispatches that still run at the first time that was given; returns whether all were
   * resumed.
   */
  resume(atMs: number, limit: number): boolean {
    const { children, microgridId, tell } = this.#setup;
    if (this.#phase === 'loaded') {
      this.#phase = 'resuming';
      this.#firstMs = atMs;
      // The stored state may stem from a time that the clock has not reached.
      children.makeDueAfterStepTo(atMs);
      tell({ type: 'dispatcher.restored', microgridId, count: children.size });
    }
    if (this.#phase === 'resuming') this.#tellSome(limit);
    return !this.isPending;
  }

  #tellSome(limit: number): void {
    for (let left = limit; left > 0; left -= 1) {
      const next = this.#untold.head();
      if (next === null) break;
      this.#untold.delete(next);
      this.#setup.children.resume(next.id, this.#firstMs);
    }
    if (this.#untold.size === 0) this.#phase = 'done';
  }

  #takeOne(value: unknown): void {
    const { children, microgridId, tell } = this.#setup;
    try {
      const stored = readStoredDispatch(value, microgridId);
      const { dispatch, run } = stored.context;
      const { id } = dispatch;
      if (children.get(id) !== undefined) {
        const message = `stored dispatch ${id} is there twice; the first one is kept`;
        throw new DispatchError('DATA_LOSS', message, { microgridId, dispatchId: id });
      }
      children.restore(stored);
      this.#count += 1;
      if (run !== null) this.#untold.set({ id, atMs: 0, kind: 'start', place: notInAgenda }, run.startMs, 'start');
    } catch (error) {
      this.#isIncomplete = true;
      tell({ type: 'dispatcher.problem', microgridId, problem: DispatchError.from(error, { microgridId }) });
    }
  }
}
