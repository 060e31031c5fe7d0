import type { Logger } from '../logger.js';
import type { Coalescing } from './coalescingQueue.js';
import { createReceiver, type Receiver, type ReceiverOptions } from './receiver.js';

/** A source of items for any number of receivers, each with a queue of its own. */
export interface Channel<T, TOptions extends ReceiverOptions = ReceiverOptions> {
  /**
   * Creates a receiver of all later items; where the channel says so, the receiver first gets the dispatches that run now. Once
   * the dispatcher has been stopped, or when `signal` has aborted, the receiver is closed from the start.
   *
   * @throws RangeError when the limit is not a positive integer.
   */
  newReceiver(options?: TOptions): Receiver<T>;
}

/** What {@link createChannel} makes a channel of. */
export interface ChannelSetup<T, TOptions extends ReceiverOptions> {
  /** Name in logs. */
  readonly name: string;
  readonly coalescing: Coalescing<T>;
  readonly logger: Logger;
  /** Whether an item is for a receiver with these options. @default all are */
  readonly accepts?: (item: T, options: TOptions) => boolean;
  /** Items that a new receiver gets first. @default none */
  readonly replay?: () => Iterable<T>;
}

/** A channel as its dispatcher drives it. Users only get the {@link channel}. */
export interface ChannelControl<T, TOptions extends ReceiverOptions> {
  readonly channel: Channel<T, TOptions>;
  /** Whether there is a receiver. */
  readonly hasReceivers: boolean;
  /** Gives an item to every receiver that accepts it. */
  send(item: T): void;
  /** Closes every receiver, and all later ones. */
  close(): void;
}

/** Creates a channel. */
export function createChannel<T, TOptions extends ReceiverOptions = ReceiverOptions>(
  setup: ChannelSetup<T, TOptions>,
): ChannelControl<T, TOptions> {
  const { name: channelName, accepts = () => true, coalescing, replay = () => [], logger } = setup;
  const receivers = new Set<{ readonly take: (item: T) => void; readonly close: () => void }>();
  let isClosed = false;

  const newReceiver = (options: TOptions = {} as TOptions) => {
    const { name = channelName, limit = 50, signal } = options;
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`limit must be a positive integer, not ${limit}`);
    const { receiver, push } = createReceiver<T>({
      limit,
      coalescing,
      signal,
      replay,
      onCoalesced: () =>
        logger.warn({ channel: channelName, receiver: name, limit }, 'receiver is slow: its items are coalesced'),
      onClose: () => receivers.delete(entry),
    });
    const take = (item: T) => {
      if (accepts(item, options)) push(item);
    };
    const entry = { take, close: receiver.close };
    if (isClosed || signal?.aborted) receiver.close();
    else receivers.add(entry);
    return receiver;
  };

  return {
    channel: { newReceiver },
    get hasReceivers() {
      return receivers.size > 0;
    },
    send: item => {
      for (const { take } of receivers) take(item);
    },
    close: () => {
      isClosed = true;
      for (const { close } of receivers) close();
    },
  };
}
