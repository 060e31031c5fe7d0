import { setTimeout } from 'node:timers/promises';

import { DispatchError } from '../../model/dispatchError.js';
import type { LoggedChange } from '../domain/dispatchStore.js';

/** The changes waiting to be sent on one stream. */
export interface ChangeQueue {
  /** Adds a change. Above a limit the queue is emptied and ended: the peer reads more slowly than changes are made. */
  push(change: LoggedChange): void;
  /** Empties and ends the queue: the stream is lost, and its reader lists again. */
  end(reason: Error): void;
  /** Skips changes up to this position of the change log. */
  startAfter(seq: number): void;
  /** Number of waiting changes, and bytes of their messages. */
  readonly length: number;
  readonly bytes: number;
  /** Empties and ends the queue, as above a limit. */
  overflow(): void;
  /** Whether more than half of a limit is waiting. */
  readonly congested: boolean;
  /** Resolves once the queue is not congested. */
  whenUncongested(): Promise<void>;
  /**
   * The next change, as soon as there is one.
   *
   * @throws the reason of the end.
   */
  next(): Promise<LoggedChange>;
}

/** How much may wait for one stream. */
export interface QueueLimits {
  /** Number of changes. */
  readonly changes: number;
  /** Bytes of their messages. */
  readonly bytes: number;
}

/**
 * Creates the queue of one stream.
 *
 * @param onOverflow - called when the queue is ended because a limit is exceeded.
 */
export function changeQueue(limits: QueueLimits, onOverflow: () => void): ChangeQueue {
  let changes: LoggedChange[] = [];
  let bytes = 0;
  let after = 0;
  let ended: Error | null = null;
  let wake: (() => void) | null = null;
  let relief: { readonly promise: Promise<void>; readonly tell: () => void } | null = null;

  function end(reason: Error): void {
    changes = [];
    bytes = 0;
    ended ??= reason;
    wake?.();
    tellRelief();
  }

  function overflow(): void {
    const message = 'this stream is read more slowly than changes are made: too many wait; open a new stream and list';
    end(new DispatchError('RESOURCE_EXHAUSTED', message));
    onOverflow();
  }

  function isCongested(): boolean {
    return changes.length > limits.changes / 2 || bytes > limits.bytes / 2;
  }

  function newRelief() {
    let tell: () => void = () => {};
    const promise = new Promise<void>(resolve => {
      tell = resolve;
    });
    return { promise, tell };
  }

  function tellRelief(): void {
    if (relief === null || isCongested()) return;
    relief.tell();
    relief = null;
  }

  return {
    push(change) {
      if (ended || change.seq <= after) return;
      if (changes.length < limits.changes && bytes + change.message.length <= limits.bytes) {
        changes.push(change);
        bytes += change.message.length;
        wake?.();
        return;
      }
      overflow();
    },
    end,
    startAfter(seq) {
      after = seq;
      changes = changes.filter(change => change.seq > seq);
      bytes = changes.reduce((sum, { message }) => sum + message.length, 0);
    },
    overflow,
    get length() {
      return changes.length;
    },
    get bytes() {
      return bytes;
    },
    get congested() {
      return isCongested();
    },
    async whenUncongested() {
      if (!isCongested()) return;
      relief ??= newRelief();
      await relief.promise;
    },
    async next() {
      while (changes.length === 0) {
        if (ended) throw ended;
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      const change = changes.shift() as LoggedChange;
      bytes -= change.message.length;
      tellRelief();
      return change;
    },
  };
}

/** Resolves once none of the queues is congested, or after so many milliseconds. */
export async function whenUncongested(queues: readonly ChangeQueue[], mostMs: number): Promise<void> {
  const over = new AbortController();
  const late = setTimeout(mostMs, undefined, over).catch(() => {});
  await Promise.race([Promise.all(queues.map(queue => queue.whenUncongested())), late]);
  over.abort();
}
