import type { Coalescing } from './coalescingQueue.js';
import type { Receiver, ReceiverOptions } from './receiver.js';
import { type OnCoalesced, ReceiverSet } from './receiverSet.js';

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
  /** Name in logs and metrics. */
  readonly name: string;
  readonly coalescing: Coalescing<T>;
  readonly onCoalesced: OnCoalesced;
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
  const { name, accepts = () => true, coalescing, replay = () => [], onCoalesced } = setup;
  const receivers = new ReceiverSet<T>(name, onCoalesced);
  const newReceiver = (options: TOptions = {} as TOptions) =>
    receivers.open<T, T>(options, {
      coalescing,
      itemOf: item => item,
      replay,
      take: (item, push) => {
        if (accepts(item, options)) push(item);
      },
    });
  return {
    channel: { newReceiver },
    get hasReceivers() {
      return receivers.size > 0;
    },
    send: item => receivers.send(item),
    close: () => receivers.close(),
  };
}
