import { type Coalescing, CoalescingQueue } from './coalescingQueue.js';

/** Options of a {@link Receiver}. */
export interface ReceiverOptions {
  /** What logs call it. @default the name of its channel */
  readonly name?: string;
  /** Above this many waiting items, those about the same dispatch are coalesced. @default 50 */
  readonly limit?: number;
}

/** What a {@link Receiver} needs of its channel. */
export interface ReceiverSetup<T> {
  readonly limit: number;
  readonly coalescing: Coalescing<T>;
  /** What it gets before all else, unless there is something newer about the same dispatch; read as it is wanted. */
  readonly replay: () => Iterable<T>;
  /** Called once, when the first item was coalesced. */
  readonly onCoalesced: () => void;
  /** Called once, when it is closed. */
  readonly onClose: () => void;
}

/**
 * One consumer's queue of a channel. However slowly it is read, it loses the final state of no dispatch, and its memory
 * is bounded by their number.
 *
 * Read it with `for await`, or one by one with {@link receive}. Each item goes to one reader. Leaving a loop does not close
 * it: {@link close} does, or `await using`.
 */
export class Receiver<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly #setup: ReceiverSetup<T>;
  readonly #queue: CoalescingQueue<T>;
  /** What is left of the past to tell; null: nothing. */
  #replay: Iterator<T> | null;
  /** Those who wait, first come first served. */
  readonly #readers = new Set<(item: T | undefined) => void>();
  #closed = false;

  /** Receivers come from a channel's `newReceiver`. */
  constructor(setup: ReceiverSetup<T>) {
    this.#setup = setup;
    this.#queue = new CoalescingQueue(setup.limit, setup.coalescing);
    this.#replay = setup.replay()[Symbol.iterator]();
  }

  /** How many items were coalesced with a later one because the receiver was read too slowly. */
  get coalesced(): number {
    return this.#queue.coalescedCount;
  }

  /**
   * The next item, as soon as there is one; undefined when the receiver is closed. Rejects with the reason of `signal`
   * when that aborts first; no item is lost by it.
   */
  async receive({ signal }: { signal?: AbortSignal } = {}): Promise<T | undefined> {
    signal?.throwIfAborted();
    const item = this.#shift();
    if (item !== undefined || this.#closed) return item;
    return new Promise((resolve, reject) => {
      const reader = (next: T | undefined) => {
        signal?.removeEventListener('abort', giveUp);
        resolve(next);
      };
      const giveUp = () => {
        this.#readers.delete(reader);
        reject(signal?.reason);
      };
      this.#readers.add(reader);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Drops what waits, and ends every pending `receive()` and loop. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#replay = null;
    this.#queue.clear();
    for (const reader of this.#readers) reader(undefined);
    this.#readers.clear();
    this.#setup.onClose();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (let item = await this.receive(); item !== undefined; item = await this.receive()) yield item;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Gives it an item; its channel calls this. */
  push(item: T): void {
    const reader = this.#nextReader();
    const { coalescedCount } = this.#queue;
    if (reader === undefined) this.#queue.push(item);
    else reader(item);
    if (coalescedCount === 0 && this.#queue.coalescedCount > 0) this.#setup.onCoalesced();
  }

  /** Tells it of the past anew; its channel calls this. */
  replayAgain(): void {
    this.#replay = this.#setup.replay()[Symbol.iterator]();
    while (this.#readers.size > 0) {
      const item = this.#shift();
      if (item === undefined) return;
      this.#nextReader()?.(item);
    }
  }

  /** The past comes first, so that whatever is newer still waits when it is read. */
  #shift(): T | undefined {
    while (this.#replay !== null) {
      const { done, value } = this.#replay.next();
      if (done) this.#replay = null;
      else if (!this.#queue.hasLike(value)) return value;
    }
    return this.#queue.shift();
  }

  /** Takes the first of those who wait. */
  #nextReader(): ((item: T) => void) | undefined {
    const [reader] = this.#readers;
    if (reader !== undefined) this.#readers.delete(reader);
    return reader;
  }
}
