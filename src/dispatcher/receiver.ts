import { onAbort } from '../client/onAbort.js';
import { type Coalescing, CoalescingQueue } from './coalescingQueue.js';

/** Options of a {@link Receiver}. */
export interface ReceiverOptions {
  /** Name in logs and metrics. @default the name of its channel */
  readonly name?: string | undefined;
  /** Maximum number of waiting items; above it, items about the same dispatch are coalesced. @default 50 */
  readonly limit?: number | undefined;
  /** Closes the receiver when it aborts. @default never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One consumer's queue of a channel. A slow reader loses the final state of no dispatch, and memory is bounded by the number of
 * dispatches.
 *
 * Read it with `for await`, or item by item with {@link receive}. Each item goes to one reader. Leaving a loop by `break`,
 * `return` or an exception closes the receiver, as with every async iterator; use {@link receive} to read only a part of it.
 */
export interface Receiver<T> extends AsyncIterable<T>, AsyncDisposable {
  /** Number of items that were merged with a later one because the receiver was read too slowly. */
  readonly coalesced: number;
  /**
   * Waits for the next item; undefined when the receiver is closed. Rejects with the reason of `signal` when that aborts first;
   * no item is lost then.
   */
  receive(options?: { readonly signal?: AbortSignal | undefined }): Promise<T | undefined>;
  /** Drops the waiting items, and ends every pending {@link receive} and loop. */
  close(): void;
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
}

/** What {@link createReceiver} needs of its channel, whose queue has entries of `TEntry`. */
export interface ReceiverSetup<T, TEntry> {
  readonly limit: number;
  readonly coalescing: Coalescing<TEntry>;
  /** What the receiver hands out for an entry. */
  readonly itemOf: (entry: TEntry) => T;
  /** Closes the receiver when it aborts later. */
  readonly signal: AbortSignal | undefined;
  /** Items that come before all others, except those about a dispatch of which something newer waits. Read lazily. */
  readonly replay: () => Iterable<TEntry>;
  /** Called for each item that was coalesced. */
  readonly onCoalesced: (isFirst: boolean) => void;
  /** Called once, when the receiver was closed. */
  readonly onClose: () => void;
}

/** Creates a receiver, and the function by which its channel gives it an entry. */
export function createReceiver<T, TEntry>(
  setup: ReceiverSetup<T, TEntry>,
): {
  readonly receiver: Receiver<T>;
  readonly push: (entry: TEntry) => void;
} {
  const { itemOf } = setup;
  const queue = new CoalescingQueue(setup.limit, setup.coalescing);
  /** Null when everything was replayed. */
  let replay: Iterator<TEntry> | null = setup.replay()[Symbol.iterator]();
  /** Pending calls of `receive`, first come first served. */
  const readers = new Set<(item: T | undefined) => void>();
  let isClosed = false;

  const shift = (): T | undefined => {
    while (replay !== null) {
      const { done, value } = replay.next();
      if (done) replay = null;
      else if (!queue.hasLike(value)) return itemOf(value);
    }
    const entry = queue.shift();
    return entry === undefined ? undefined : itemOf(entry);
  };

  const push = (entry: TEntry) => {
    const [reader] = readers;
    if (reader !== undefined) {
      readers.delete(reader);
      reader(itemOf(entry));
      return;
    }
    const { coalescedCount } = queue;
    queue.push(entry);
    if (queue.coalescedCount > coalescedCount) setup.onCoalesced(coalescedCount === 0);
  };

  const receive: Receiver<T>['receive'] = async ({ signal } = {}) => {
    signal?.throwIfAborted();
    const item = shift();
    if (item !== undefined || isClosed) return item;
    return new Promise((resolve, reject) => {
      const reader = (next: T | undefined) => {
        leaveSignal?.();
        resolve(next);
      };
      const giveUp = () => {
        readers.delete(reader);
        reject(signal?.reason);
      };
      const leaveSignal = signal && onAbort(signal, giveUp);
      readers.add(reader);
    });
  };

  const close = () => {
    if (isClosed) return;
    isClosed = true;
    leaveSignal?.();
    replay = null;
    queue.clear();
    for (const reader of readers) reader(undefined);
    readers.clear();
    setup.onClose();
  };

  const iterator: AsyncIterableIterator<T> = {
    next: () => {
      // Most items of a burst wait already, and each promise less counts.
      const waiting = shift();
      return waiting === undefined ? receive().then(toResult) : Promise.resolve(toResult(waiting));
    },
    return: async () => {
      close();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };

  const leaveSignal = setup.signal && onAbort(setup.signal, close);
  return {
    push,
    receiver: {
      get coalesced() {
        return queue.coalescedCount;
      },
      receive,
      close,
      [Symbol.asyncIterator]: () => iterator,
      [Symbol.asyncDispose]: async () => close(),
    },
  };
}

function toResult<T>(value: T | undefined): IteratorResult<T, undefined> {
  return value === undefined ? { done: true, value: undefined } : { done: false, value };
}
