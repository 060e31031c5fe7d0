import { DispatchError } from '../../src/model/dispatchError.js';
import type { Clock } from '../protocol/clock.js';
import type { RecordChange } from '../protocol/messages.js';
import type { DispatchWatch } from '../protocol/transport.js';

/**
 * Buffers the events of a stream and returns them in order once they can be applied: after a list that began while the stream
 * was open.
 */
export class ChangeBuffer {
  readonly #batchSize: number;
  #changes: RecordChange[] = [];
  #isOpen = false;
  /** Whether a list has begun, and whether the stream was open then. */
  #listed: 'no' | 'early' | 'yes' = 'no';
  #failure: { readonly error: unknown } | null = null;
  #wake = () => {};

  /** @param tell Called with the events that cannot be decoded. */
  constructor(watch: DispatchWatch, batchSize: number, tell: (problem: DispatchError) => void) {
    this.#batchSize = batchSize;
    const fail = (error: unknown) => {
      this.#failure ??= { error };
      this.#wake();
    };
    watch.opened.then(() => {
      this.#isOpen = true;
      this.#wake();
    }, fail);
    this.#takeIn(watch, tell).catch(fail);
  }

  /** Resolves when the stream is open, has an event or is lost; at the latest after `waitMs`. */
  async openedWithin(clock: Clock, waitMs: number): Promise<void> {
    if (this.#isOpen || this.#changes.length > 0 || this.#failure !== null) return;
    await new Promise<void>(resolve => {
      const undo = clock.setTimer(resolve, waitMs);
      this.#wake = () => {
        undo();
        resolve();
      };
    });
  }

  /** Whether to list now: at the beginning, and again if the stream opened after a list began. */
  beginsList(): boolean {
    if (!this.#wantsList()) return false;
    this.#listed = this.#isOpen ? 'yes' : 'early';
    return true;
  }

  /** The next batch of changes; empty while a list must come first. */
  take(): RecordChange[] {
    if (this.#wantsList()) return [];
    return this.#changes.splice(0, this.#batchSize);
  }

  /** Throws the error of a lost stream, once the buffer is empty. */
  throwIfLost(): void {
    if (this.#failure !== null && this.#changes.length === 0) throw this.#failure.error;
  }

  /** Resolves when there are changes to take or a list is needed; rejects when there are none and the stream is lost. */
  async more(): Promise<void> {
    while (this.#changes.length === 0 && !this.#wantsList()) {
      this.throwIfLost();
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  #wantsList(): boolean {
    return this.#listed === 'no' || (this.#listed === 'early' && this.#isOpen);
  }

  async #takeIn(watch: DispatchWatch, tell: (problem: DispatchError) => void): Promise<never> {
    for await (const change of watch) {
      if (change.kind === 'problem') {
        tell(change.problem);
        if (change.deletedId !== undefined) this.#changes.push({ kind: 'deleted', id: change.deletedId });
      } else if (change.kind === 'deleted') this.#changes.push({ ...change, kind: 'deleted', id: change.dispatch.id });
      else this.#changes.push({ kind: change.kind, dispatch: change.dispatch });
      this.#wake();
    }
    throw new DispatchError('UNAVAILABLE', 'the service ended the stream');
  }
}
