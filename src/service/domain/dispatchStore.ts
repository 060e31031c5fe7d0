import type { ServiceObserver } from './serviceObserver.js';

/** What happened to a dispatch in one change. */
export type ChangeKind = 'created' | 'updated' | 'deleted';

/** A dispatch as a store hands it out. */
export interface StoredDispatch {
  readonly id: number;
  /** The encoded `Dispatch` message, ready to be sent as it is. */
  readonly message: Uint8Array;
}

/**
 * A dispatch as a store takes it: the encoded message beside what lists filter and sort by.
 *
 * Names tell the unit: `…S` are whole seconds and `…Us` whole microseconds since the epoch.
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
  /** The keys under which its components are found; see `targetKeys`. */
  readonly targetKeys: readonly string[];
}

/** What the store grants to one write, under the lock of its microgrid. */
export interface WriteStamp {
  /** The id of the dispatch: for a new one an id that was never used before. */
  readonly id: number;
  /** The instant of the write: later than every earlier one of the microgrid. Microseconds since the epoch. */
  readonly atUs: number;
}

/** One change. The dispatch is the state after it; of a deletion the last state, which carries a new update time. */
export interface DispatchChange {
  readonly kind: ChangeKind;
  readonly dispatch: DispatchRow;
}

/** A text that a store is to take once only. */
export interface ExpiringId {
  /** Names it among all others, of all microgrids. */
  readonly id: string;
  /** Until when it is kept, in microseconds since the epoch; afterwards nobody asks for it any more. */
  readonly untilUs: number;
}

/** A request that its caller may repeat. */
export interface IdempotencyKey extends ExpiringId {
  /** Tells its content from another. */
  readonly hash: string;
}

/** One write, decided under the lock of its microgrid. */
export interface DispatchWrite {
  /** The dispatch to change; null for a new one. */
  readonly id: number | null;
  /**
   * Says what the write comes to. Pure and synchronous: a store may call it again, or throw its answer away.
   *
   * @param old - the present state; null when there is none.
   * @returns the change, or null when nothing changes (then the log gets no entry).
   * @throws to refuse the write: the store changes nothing and passes the error on.
   */
  decide(old: StoredDispatch | null, stamp: WriteStamp): DispatchChange | null;
  /** The nonce of the call. A write that comes with a used one is UNAUTHENTICATED; one that is refused uses it up, too. */
  readonly nonce?: ExpiringId | undefined;
  /**
   * Where the write may be repeated. When it was made before it is not decided again, but answered as the first time; with
   * another content it is INVALID_ARGUMENT. A write that is refused is not remembered, for it has done nothing.
   */
  readonly idempotencyKey?: IdempotencyKey | undefined;
}

/** What a write came to. */
export interface AppliedWrite {
  /** The microgrid's position in its change log after the write. */
  readonly seq: number;
  /** The state that the change left or, for a deletion, logged; null when there was neither a change nor a dispatch. */
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

/** An interval `[from, to)`; null is unbounded. */
export interface Range {
  readonly from: number | null;
  readonly to: number | null;
}

/** Narrows a list: a dispatch must satisfy every part that is present. */
export interface ListFilter {
  /** Any of these keys. */
  readonly targetKeys?: readonly string[];
  readonly active?: boolean;
  readonly dryRun?: boolean;
  readonly recurring?: boolean;
  readonly startS?: Range;
  /** A dispatch without an end counts as infinitely late. */
  readonly endS?: Range;
  readonly updateUs?: Range;
  readonly ids?: readonly number[];
  /** Any of these ids, or any of these texts as part of the type. */
  readonly queries?: { readonly ids: readonly number[]; readonly texts: readonly string[] };
}

/** What a list can be sorted by; ties go by id in the same direction. */
export type SortColumn = 'startS' | 'createUs' | 'updateUs';

/** Which dispatches to list, and in which order. */
export interface ListQuery {
  readonly filter: ListFilter;
  readonly sort: { readonly column: SortColumn; readonly descending: boolean };
}

/** A place in a sorted list: just behind the item with this sort value and id, whether or not it is still there. */
export interface ListPlace {
  readonly value: number;
  readonly id: number;
}

/** One page of a list. */
export interface ListPage {
  readonly items: readonly StoredDispatch[];
  /** Where the next page begins; null when this is the last one. */
  readonly next: ListPlace | null;
  /** How many dispatches satisfy the filter, on all pages together. */
  readonly total: number;
}

/** What every store can be given. */
export interface StoreOptions {
  /**
   * The clock, in microseconds since the epoch.
   *
   * @default that of the database, which is the system's where it is a part of this process
   */
  readonly nowUs?: (() => number) | undefined;
  /** Is told of each operation. */
  readonly observer?: ServiceObserver | undefined;
}

/** A part of the change logs of several microgrids. */
export interface ChangeBatch {
  /** By microgrid, and within a microgrid in order of `seq`. */
  readonly changes: readonly LoggedChange[];
  /** Microgrids of which entries behind the cursor are gone: they were pruned. */
  readonly pruned: readonly number[];
  /** Microgrids that have more entries than the limit left room for. */
  readonly more: readonly number[];
}

/**
 * Where the service keeps dispatches.
 *
 * Ids are unique across all microgrids and never used twice. Each microgrid has its own clock, which strictly increases
 * in whole microseconds (`max(clock, last + 1)`), and its own change log; every write locks the microgrid first, so the
 * order of both is the order of commits. A write is durable before its promise is fulfilled, as far as the store keeps
 * anything; when it rejects with a code other than UNAVAILABLE nothing was changed.
 */
export interface DispatchStore {
  /** Where it keeps them, as people may read it: without secrets. */
  readonly name: string;
  /** Applies a write. Those that wait at the same time may be committed together, but each succeeds or fails for itself. */
  apply(microgridId: number, write: DispatchWrite): Promise<AppliedWrite>;
  /** The dispatch, or null when the microgrid has none of this id. */
  get(microgridId: number, id: number): Promise<StoredDispatch | null>;
  /**
   * One page: at most `limit` items and `maxBytes` of messages, but at least one item where there is one.
   *
   * @param place - where the page begins; null for the first one.
   */
  list(
    microgridId: number,
    query: ListQuery,
    place: ListPlace | null,
    limit: number,
    maxBytes: number,
  ): Promise<ListPage>;
  /** How many dispatches there are, of all microgrids. */
  count(): Promise<number>;
  /** The microgrid's present position in its change log; 0 before the first change. */
  head(microgridId: number): Promise<number>;
  /**
   * What follows the cursors, at most `limit` entries in all.
   *
   * @param cursors - the position of each microgrid of interest, by its id.
   */
  changes(cursors: ReadonlyMap<number, number>, limit: number): Promise<ChangeBatch>;
  /**
   * Calls the listener after commits, from this process or another, with the microgrids that have new changes, or with
   * null when they are not known. A wake-up may be early, late by a second, or too many: {@link changes} tells.
   */
  onWake(listener: (microgridIds: readonly number[] | null) => void): () => void;
  /**
   * Drops entries of the change logs from before an instant, at most so many.
   *
   * @returns how many it dropped.
   */
  prune(beforeUs: number, limit: number): Promise<number>;
  /**
   * Drops nonces and requests that need no longer be kept, at most so many.
   *
   * @returns how many it dropped.
   */
  deleteExpired(nowUs: number, limit: number): Promise<number>;
  /** Waits for the writes that were applied, though not for a database that holds them up; refuses others with UNAVAILABLE. */
  close(): Promise<void>;
}
