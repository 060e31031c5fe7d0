import type { LogPosition } from '../../wire/logPosition.js';
import type { LoggedChange } from '../domain/dispatchStore.js';

/** One reader of a microgrid's changes. */
export interface ChangeStream {
  /** The number of the last entry of the change log when the stream was opened: it yields later changes. */
  readonly position: number;
  /** The position of that entry; null when an earlier version of this package pruned it. */
  readonly head: LogPosition | null;
  /** Whether it yields the changes after the position that was asked for, those up to the head first. */
  readonly resumed: boolean;
  /**
   * The next change, in commit order.
   *
   * @throws DispatchError RESOURCE_EXHAUSTED when the reader was too slow, UNAVAILABLE when the stream is lost for
   * another reason; or the signal's reason.
   */
  next(): Promise<LoggedChange>;
  close(): void;
}
