import type { NotificationData } from '../../machines/dispatch/notificationData.js';
import { loadOptional } from '../model/loadOptional.js';

/** What a dispatcher announced: a notification, as it was kept in the file of its store. */
export interface HistoryEntry extends NotificationData {
  /** Grows with each entry of the file, with gaps. */
  readonly seq: number;
  readonly microgridId: number;
}

/** Filter of a history: an entry must match each part that is given. */
export interface HistoryFilter {
  /** Entries of this microgrid; a file may hold several. */
  readonly microgridId?: number | undefined;
  /** Entries of these dispatches. */
  readonly ids?: readonly number[] | undefined;
  /** Entries of dispatches of exactly these types. */
  readonly types?: readonly string[] | undefined;
  /** Entries of these notifications, such as `running.started`. */
  readonly notifications?: readonly HistoryEntry['notification'][] | undefined;
  /** Entries of notifications that were noticed from this instant on. */
  readonly from?: Date | undefined;
  /** Entries of notifications that were noticed before this instant. */
  readonly to?: Date | undefined;
}

/** Options of {@link readHistory}. */
export interface HistoryOptions extends HistoryFilter {
  /** @default newest first */
  readonly oldestFirst?: boolean | undefined;
}

/** Options of {@link followHistory}. */
export interface FollowHistoryOptions extends HistoryFilter {
  /** `seq` of the entry after which it begins; 0: at the oldest one. @default entries from now on */
  readonly afterSeq?: number | undefined;
  /** Ends it; what it waits for rejects with the reason. @default never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads what happened from the file of a `sqliteStore`, also while a dispatcher uses it: read-only, and without its lock. A file of a
 * version without a history has no entries.
 *
 * It needs the optional packages kysely and libsql.
 *
 * @throws DispatchError `NOT_FOUND` when there is no file; `FAILED_PRECONDITION` when it is not the file of a store, or one of a newer
 * version; `DATA_LOSS` when it is damaged; `INTERNAL` when it cannot be read.
 */
export async function* readHistory(path: string, options: HistoryOptions = {}): AsyncGenerator<HistoryEntry> {
  yield* (await load('readHistory')).readEntries(path, options);
}

/**
 * Yields what happens as a dispatcher writes it to the file of its `sqliteStore`: at most a second after it was announced.
 *
 * @throws as {@link readHistory}.
 */
export async function* followHistory(path: string, options: FollowHistoryOptions = {}): AsyncGenerator<HistoryEntry> {
  yield* (await load('followHistory')).followEntries(path, options);
}

function load(name: string) {
  return loadOptional(name, () => import('./historyReader.js'));
}
