import type { AuditAuthor, AuditPage, AuditQuery } from './audit.js';
import type { ListPlace, ListQuery } from './listQuery.js';
import type { LogCursor } from './logCursor.js';
import type { ServiceObserver } from './serviceObserver.js';

/** What happened to a dispatch in one change. */
export type ChangeKind = 'created' | 'updated' | 'deleted';

/** A dispatch as a store returns it. */
export interface StoredDispatch {
  readonly id: number;
  /** The encoded `Dispatch` message, ready to be sent as it is. */
  readonly message: Uint8Array;
}

/**
 * A dispatch as a store receives it: the encoded message, and the values by which lists filter and sort.
 *
 * Units are part of names: `…S` are whole seconds and `…Us` whole microseconds since the epoch.
 */
export interface DispatchRow extends StoredDispatch {
  readonly type: string;
  readonly startS: number;
  /** When the last run ends; null when it never does. */
  readonly endS: number | null;
  readonly active: boolean;
  readonly dryRun: boolean;
  readonly recurring: boolean;
  readonly createUs: number;
  readonly updateUs: number;
  /** The search keys of its components; see `targetKeys`. */
  readonly targetKeys: readonly string[];
}

/** What the store assigns to a write, under the lock of its microgrid. */
export interface WriteStamp {
  /** The id of the dispatch; a new dispatch gets an id that was never used before. */
  readonly id: number;
  /**
   * The version that the write makes: an instant later than all earlier ones of the microgrid, in microseconds since the epoch. After a
   * write under a clock that was ahead it is ahead, too, until the clock has caught up.
   */
  readonly atUs: number;
  /** The time by the store's clock, in microseconds since the epoch. What depends on the time is decided by it. */
  readonly nowUs: number;
}

/** A change. The dispatch is the state after it; for a deletion the last state, with a new update time. */
export interface DispatchChange {
  readonly kind: ChangeKind;
  readonly dispatch: DispatchRow;
  /**
   * Whether its components are those of before, so that a store need not write their search keys.
   *
   * @default false
   */
  readonly keepsTarget?: boolean;
}

/** An id that a store accepts once, until it expires. */
export interface ExpiringId {
  /** Unique over all microgrids. */
  readonly id: string;
  /** When it expires, in microseconds since the epoch. */
  readonly untilUs: number;
}

/** The identity of a request that its caller may retry. */
export interface IdempotencyKey extends ExpiringId {
  /** Hash of its content. */
  readonly hash: string;
}

/** A write, which is decided under the lock of its microgrid. */
export interface DispatchWrite {
  /** The dispatch to change; null for a new one. */
  readonly id: number | null;
  /**
   * Decides on the change. Pure and synchronous: a store may call it again, or discard the result.
   *
   * @param old - the present state; null when there is none.
   * @returns the change, or null when nothing changes (then the log gets no entry).
   * @throws to refuse the write: the store changes nothing and rethrows the error.
   */
  decide(old: StoredDispatch | null, stamp: WriteStamp): DispatchChange | null;
  /** Drops the write when it aborts while it waits: then nothing is made, and its reason is thrown. Later it has no effect. */
  readonly signal?: AbortSignal | undefined;
  /** Its author, for the audit; absent: the change gets no entry there. */
  readonly author?: AuditAuthor | undefined;
  /**
   * When its caller waits no longer, in milliseconds since the epoch. A write that has to wait until shortly before is UNAVAILABLE, so that
   * its caller learns that nothing was changed.
   */
  readonly deadlineMs?: number | undefined;
  /** The nonce of the call. A write with a used nonce is UNAUTHENTICATED; a write that is refused uses its nonce, too. */
  readonly nonce?: ExpiringId | undefined;
  /**
   * Present if the write may be retried. A retry is not decided again, but answered as the first time; with different content it
   * is INVALID_ARGUMENT. A write that was refused is not remembered, because it has changed nothing.
   */
  readonly idempotencyKey?: IdempotencyKey | undefined;
}

/** The result of a write. */
export interface AppliedWrite {
  /** The microgrid's position in its change log after the write. */
  readonly seq: number;
  /** The state after the change or, for a deletion, the logged state; null when there was neither a change nor a dispatch. */
  readonly dispatch: StoredDispatch | null;
}

/** One entry of a microgrid's change log. */
export interface LoggedChange extends StoredDispatch {
  readonly microgridId: number;
  /** 1, 2, 3, … in commit order of the microgrid, without gaps. */
  readonly seq: number;
  readonly kind: ChangeKind;
  readonly atUs: number;
}

/** One page of a list. */
export interface ListPage {
  readonly items: readonly StoredDispatch[];
  /** Position of the next page; null on the last page. */
  readonly next: ListPlace | null;
  /** Number of dispatches that match the filter, on all pages, when the first page was read. */
  readonly total: number;
}

/** Options of every store. */
export interface StoreOptions {
  /**
   * The clock, in microseconds since the epoch.
   *
   * @default the clock of the database, which is that of the system if the database is part of this process
   */
  readonly nowUs?: (() => number) | undefined;
  /** Is told of each operation. */
  readonly observer?: ServiceObserver | undefined;
}

/** Entries of the change logs of several microgrids. */
export interface ChangeBatch {
  /** Microgrid by microgrid, and within a microgrid in order of `seq`. */
  readonly changes: readonly LoggedChange[];
  /** Microgrids whose entries after the cursor were pruned, or whose log does not have the entry of the cursor. */
  readonly pruned: readonly number[];
  /** Microgrids that may have more entries than fit into the limits; first those that were not read at all. */
  readonly more: readonly number[];
}

/**
 * The store of the service.
 *
 * Ids are unique across all microgrids and never used twice. Each microgrid has its own versions, instants that strictly increase
 * in whole microseconds (`max(clock, last + 1)`), and its own change log; every write locks the microgrid first, so the
 * order of both is the order of commits. A write is durable before its promise is fulfilled, as far as the store keeps
 * anything; when it rejects with a code other than UNAVAILABLE nothing was changed.
 */
export interface DispatchStore {
  /** The database, for people: without secrets. */
  readonly name: string;
  /** Applies a write. Concurrent writes may be committed together, but each succeeds or fails by itself. */
  apply(microgridId: number, write: DispatchWrite): Promise<AppliedWrite>;
  /** Returns the dispatch, or null when the microgrid has none with this id. */
  get(microgridId: number, id: number): Promise<StoredDispatch | null>;
  /**
   * Returns a page: at most `limit` items and `maxBytes` of messages, but at least one item if there is one.
   *
   * @param place - the position of the page; null for the first page.
   */
  list(
    microgridId: number,
    query: ListQuery,
    place: ListPlace | null,
    limit: number,
    maxBytes: number,
  ): Promise<ListPage>;
  /** Number of dispatches, of all microgrids. */
  count(): Promise<number>;
  /** The microgrid's present position in its change log; 0 before the first change. */
  head(microgridId: number): Promise<number>;
  /** The same as a cursor: a position, unless an earlier version of this package pruned the last entry. */
  cursor(microgridId: number): Promise<LogCursor>;
  /**
   * Returns the entries after the cursors, at most `limit` in all: the same number of each log that has some, or one each of the
   * first logs when there are more of them.
   *
   * @param cursors - by the id of each microgrid of interest; those that come first are read first.
   * @param maxBytes - of messages of one log, after which it is read no further. By default there is no maximum.
   */
  changes(cursors: ReadonlyMap<number, LogCursor>, limit: number, maxBytes?: number): Promise<ChangeBatch>;
  /**
   * Calls the listener after commits of this process or another with the microgrids that have new changes, or with null when they
   * are unknown. Wake-ups may be early, late by a second, or unnecessary: {@link changes} is authoritative.
   */
  onWake(listener: (microgridIds: readonly number[] | null) => void): () => void;
  /**
   * Deletes at most `limit` entries of the change logs from before an instant, but never the last entry of a log. This and the other
   * deletions do nothing while another process on the database is deleting.
   *
   * @returns the number of deleted entries.
   */
  prune(beforeUs: number, limit: number): Promise<number>;
  /** Returns a page of the audit of a microgrid: at most `limit` entries and `maxBytes` of dispatches, but at least one entry if there is one. */
  audit(microgridId: number, query: AuditQuery, limit: number, maxBytes: number): Promise<AuditPage>;
  /**
   * Deletes at most `limit` entries of the audit from before an instant.
   *
   * @returns the number of deleted entries.
   */
  pruneAudit(beforeUs: number, limit: number): Promise<number>;
  /**
   * Deletes at most `limit` expired nonces and requests.
   *
   * @returns the number of deleted rows.
   */
  deleteExpired(nowUs: number, limit: number): Promise<number>;
  /**
   * Checks whether reads and writes can be served. Cheap, unless a write has failed: then it makes one of its own.
   *
   * @throws DispatchError UNAVAILABLE when they cannot.
   */
  check(): Promise<void>;
  /** Waits for pending writes, for a limited time; refuses new ones with UNAVAILABLE. */
  close(): Promise<void>;
}
