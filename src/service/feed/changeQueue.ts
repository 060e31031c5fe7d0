import { DispatchError } from '../../model/dispatchError.js';
import type { LoggedChange } from '../domain/dispatchStore.js';

/** What waits to be sent on one stream. */
export interface ChangeQueue {
  /** Adds a change. Above the limit the queue is emptied and ended: the peer does not read as fast as things change. */
  push(change: LoggedChange): void;
  /** Ends the queue for good, emptied: the stream is lost, and its reader lists again. */
  end(reason: Error): void;
  /** Leaves out what is at or before this position of the change log. */
  startAfter(seq: number): void;
  /** How many wait. */
  readonly length: number;
  /** Whether more than half as many changes wait as may. */
  readonly congested: boolean;
  /** Fulfilled once it is not congested. */
  whenUncongested(): Promise<void>;
  /**
   * The next change, as soon as there is one.
   *
   * @throws the reason of the end.
   */
  next(): Promise<LoggedChange>;
}

/**
 * The queue of one stream, for at most `limit` changes.
 *
 * @param onOverflow - is called when it is ended because that is exceeded.
 */
export function changeQueue(limit: number, onOverflow: () => void): ChangeQueue {
  let changes: LoggedChange[] = [];
  let after = 0;
  let ended: Error | null = null;
  let wake: (() => void) | null = null;
  let relief: { readonly promise: Promise<void>; readonly tell: () => void } | null = null;

  function end(reason: Error): void {
    changes = [];
    ended ??= reason;
    wake?.();
    tellRelief();
  }

  function isCongested(): boolean {
    return changes.length > limit / 2;
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
      if (changes.length < limit) {
        changes.push(change);
        wake?.();
        return;
      }
      end(
        new DispatchError(
          'RESOURCE_EXHAUSTED',
          `more than ${limit} changes wait for this stream to be read; open it again and list`,
        ),
      );
      onOverflow();
    },
    end,
    startAfter(seq) {
      after = seq;
      changes = changes.filter(change => change.seq > seq);
    },
    get length() {
      return changes.length;
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
      tellRelief();
      return change;
    },
  };
}
