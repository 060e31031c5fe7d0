import { EventEmitter } from 'eventemitter3';
import type { Logger } from '../logger.js';
import type { Coalescing } from './coalescingQueue.js';
import { Receiver, type ReceiverOptions } from './receiver.js';

/** What a {@link Channel} is made of. */
export interface ChannelSetup<T, TOptions extends ReceiverOptions> {
  /** What logs call it. */
  readonly name: string;
  readonly coalescing: Coalescing<T>;
  readonly logger: Logger;
  /** Whether an item is for a receiver with these options. @default all are */
  readonly accepts?: (item: T, options: TOptions) => boolean;
  /** What a new receiver gets first. @default nothing */
  readonly replay?: () => Iterable<T>;
}

/** Carries items to any number of receivers, each with a queue of its own. */
export class Channel<T, TOptions extends ReceiverOptions = ReceiverOptions> {
  readonly #setup: ChannelSetup<T, TOptions>;
  readonly #emitter = new EventEmitter<{ item: [T]; replay: []; close: [] }>();
  #closed = false;

  constructor(setup: ChannelSetup<T, TOptions>) {
    this.#setup = setup;
  }

  /**
   * Makes a receiver of what comes from now on, after what runs now where the channel says so. After the dispatcher has
   * stopped the receiver is closed at once.
   *
   * @throws RangeError when the limit is not a positive integer.
   */
  newReceiver(options: TOptions = {} as TOptions): Receiver<T> {
    const { name: channel, accepts = () => true, coalescing, replay = () => [], logger } = this.#setup;
    const { name = channel, limit = 50 } = options;
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`limit must be a positive integer, not ${limit}`);
    const take = (item: T) => {
      if (accepts(item, options)) receiver.push(item);
    };
    const replayAgain = () => receiver.replayAgain();
    const close = () => receiver.close();
    const receiver = new Receiver<T>({
      limit,
      coalescing,
      replay,
      onCoalesced: () => logger.warn({ channel, receiver: name, limit }, 'receiver is slow: its items are coalesced'),
      onClose: () => {
        this.#emitter.off('item', take);
        this.#emitter.off('replay', replayAgain);
        this.#emitter.off('close', close);
      },
    });
    if (this.#closed) {
      receiver.close();
      return receiver;
    }
    this.#emitter.on('item', take);
    this.#emitter.on('replay', replayAgain);
    this.#emitter.on('close', close);
    return receiver;
  }

  /** Gives an item to every receiver; its dispatcher calls this. */
  send(item: T): void {
    this.#emitter.emit('item', item);
  }

  /** Gives every receiver what a new one would get, once its dispatcher has restored it. */
  replay(): void {
    this.#emitter.emit('replay');
  }

  /** Closes every receiver, for good; its dispatcher calls this. */
  close(): void {
    this.#closed = true;
    this.#emitter.emit('close');
  }
}
