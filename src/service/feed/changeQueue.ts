import { DispatchError } from '../../model/dispatchError.js';
import type { LoggedChange } from '../domain/dispatchStore.js';

/** The changes waiting to be sent on one stream. */
export interface ChangeQueue {
  /** Adds a change. Above the limit the queue is emptied and ended: the peer reads more slowly than changes are made. */
  push(change: LoggedChange): void;
  /** Empties and ends the queue: the stream is lost, and its reader lists again. */
  end(reason: Error): void;
  /** Skips changes up to this position of the change log. */
  startAfter(seq: number): void;
  /** Number of waiting changes. */
  readonly length: number;
  /** Whether more than half of the limit is waiting. */
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

/**
 * Creates the queue of one stream, for at most `limit` changes.
 *
 * @param onOverflow - called when the queue is ended because the limit is exceeded.
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
          `more than ${limit} changes are waiting for this stream to be read; open a new stream and list`,
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
