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
 * Takes in the dispatches of an earlier dispatcher, from a snapshot or a store. Until all are there time stands still; at the first
 * instant after that, those that run are told that they go on, before anything else happens.
 */
export class Restoration {
  readonly #setup: RestorationSetup;
  /** Those that were running and are still to be told that they go on: by the start of the run, then id. */
  readonly #untold = new Agenda<AgendaEntry>();
  #phase: 'none' | 'loading' | 'loaded' | 'resuming' | 'done' = 'none';
  #firstMs = 0;
  #isIncomplete = false;

  constructor(setup: RestorationSetup) {
    this.#setup = setup;
  }

  /** Whether a store is bringing dispatches. */
  get isLoading(): boolean {
    return this.#phase === 'loading';
  }

  /** Whether the dispatches are there, and those that run are still to be told so. */
  get isPending(): boolean {
    return this.#phase === 'loaded' || this.#phase === 'resuming';
  }

  /** Whether the pool waits for nothing but its turn to go on with {@link resume}. */
  get isResuming(): boolean {
    return this.#phase === 'resuming';
  }

  /** Whether something could not be restored: what a store holds must be written anew. */
  get isIncomplete(): boolean {
    return this.#isIncomplete;
  }

  begin(): void {
    this.#phase = 'loading';
  }

  /** One that cannot be restored is a problem, and costs no other. */
  take(dispatches: readonly unknown[]): void {
    for (const value of dispatches) this.#takeOne(value);
  }

  /** @param complete whether all could be read */
  end(complete: boolean): void {
    this.#phase = 'loaded';
    this.#isIncomplete ||= !complete;
  }

  /**
   * Goes on at an instant: the first one that is given is the one by which it is judged what still runs. Tells at most `limit`
   * dispatches; returns whether all were told.
   */
  resume(atMs: number, limit: number): boolean {
    const { children, microgridId, tell } = this.#setup;
    if (this.#phase === 'loaded') {
      this.#phase = 'resuming';
      this.#firstMs = atMs;
      // What was kept may be from a time that this clock has not reached yet.
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
      if (run !== null) this.#untold.set({ id, atMs: 0, kind: 'start', place: notInAgenda }, run.startMs, 'start');
    } catch (error) {
      this.#isIncomplete = true;
      tell({ type: 'dispatcher.problem', microgridId, problem: DispatchError.from(error, { microgridId }) });
    }
  }
}
