import type { SlowReceiver } from '../telemetry/dispatcherObserver.js';
import { createReceiver, type Receiver, type ReceiverOptions, type ReceiverSetup } from './receiver.js';

/** How one receiver of a {@link ReceiverSet} gets its entries. */
export interface ReceiverIntake<TSent, T, TEntry>
  extends Pick<ReceiverSetup<T, TEntry>, 'coalescing' | 'itemOf' | 'replay'> {
  /** Takes what is sent to all receivers; pushes what this one is to get of it. */
  readonly take: (sent: TSent, push: (entry: TEntry) => void) => void;
}

/** Is told of each item of a receiver that was coalesced, and whether it is the first one of that receiver. */
export type OnCoalesced = (slow: SlowReceiver, isFirst: boolean) => void;

/** The open receivers of one source. */
export class ReceiverSet<TSent> {
  readonly #name: string;
  readonly #onCoalesced: OnCoalesced;
  readonly #onEmpty: () => void;
  readonly #receivers = new Set<{ readonly take: (sent: TSent) => void; readonly close: () => void }>();
  #isClosed = false;

  /**
   * @param name Its name, and default name of a receiver.
   * @param onEmpty Called when the last open receiver was closed.
   */
  constructor(name: string, onCoalesced: OnCoalesced, onEmpty: () => void = () => {}) {
    this.#name = name;
    this.#onCoalesced = onCoalesced;
    this.#onEmpty = onEmpty;
  }

  /** Number of open receivers. */
  get size(): number {
    return this.#receivers.size;
  }

  /**
   * Opens a receiver; it is closed from the start when the set is closed or its signal has aborted.
   *
   * @throws RangeError when the limit is not a positive integer.
   */
  open<T, TEntry>(options: ReceiverOptions, intake: ReceiverIntake<TSent, T, TEntry>): Receiver<T> {
    const { name = this.#name, limit = 50, signal } = options;
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`limit must be a positive integer, not ${limit}`);
    const { coalescing, itemOf, replay, take } = intake;
    const slow = { channel: this.#name, receiver: name, limit };
    const { receiver, push } = createReceiver<T, TEntry>({
      limit,
      coalescing,
      itemOf,
      signal,
      replay,
      onCoalesced: isFirst => this.#onCoalesced(slow, isFirst),
      onClose: () => {
        if (this.#receivers.delete(entry) && this.#receivers.size === 0) this.#onEmpty();
      },
    });
    const entry = { take: (sent: TSent) => take(sent, push), close: receiver.close };
    if (this.#isClosed || signal?.aborted) receiver.close();
    else this.#receivers.add(entry);
    return receiver;
  }

  /** Gives something to every receiver. */
  send(sent: TSent): void {
    for (const { take } of this.#receivers) take(sent);
  }

  /** Closes every receiver, and all later ones. */
  close(): void {
    this.#isClosed = true;
    for (const { close } of this.#receivers) close();
  }
}
