import type { CompiledQuery, Expression, Kysely, RawBuilder, SqlBool, Transaction } from 'kysely';

import type { ServiceSchema } from './schema.js';

/** A microgrid at the moment at which it was locked. */
export interface LockedMicrogrid {
  readonly id: number;
  /** The position in its change log. */
  readonly seq: number;
  /** The version of its last change. */
  readonly lastUs: number;
  /** The time by the database's clock, in microseconds since the epoch. */
  readonly nowUs: number;
}

/** What differs between the databases. */
export interface SqlDialect {
  /** Maximum number of transactions of writes at the same time. */
  readonly maxWriters: number;
  /** Makes the rows of microgrids that have none, in a transaction of its own, if they cannot be locked without. */
  addMicrogrids(db: Kysely<ServiceSchema>, ids: readonly number[]): Promise<void>;
  /**
   * Locks microgrids until the transaction ends. This must be the first thing it does, so that what it reads afterwards is not older than
   * the locks.
   *
   * @param waits - whether to wait for those that another process has locked, as for any other lock.
   * @returns those that are locked now by this transaction.
   */
  lockMicrogrids(
    transaction: Transaction<ServiceSchema>,
    ids: readonly number[],
    waits: boolean,
  ): Promise<readonly LockedMicrogrid[]>;
  /** Whether a statement failed because it waited for too long for what another session has locked. */
  isLockTimeout(error: unknown): boolean;
  /** Whether a value is one of any number of values. Columns must be qualified, as in the texts below. */
  isAnyOf<Value extends number | string>(value: Expression<Value>, these: readonly Value[]): Expression<SqlBool>;
  /** Whether a text contains one of any number of texts, case-sensitively. */
  containsAnyOf(text: Expression<string>, these: readonly string[]): Expression<SqlBool>;
  /** Takes ids that were never used and will not be given out again. */
  takeIds(transaction: Transaction<ServiceSchema>, count: number): Promise<number[]>;
  /**
   * Deletes something in a transaction, unless another process is deleting.
   *
   * @returns the number of rows that were deleted.
   */
  deleteAlone(db: Kysely<ServiceSchema>, run: (transaction: Kysely<ServiceSchema>) => Promise<number>): Promise<number>;
  /**
   * A table of the first `limit` logs that are not as their cursors are, in the order of the cursors, with the same number of entries
   * each.
   */
  logsBehind(request: LogsRequest): RawBuilder<LogRow>;
}

/** What is read of change logs. */
export interface LogsRequest {
  readonly cursors: readonly CursorRow[];
  /** Maximum number of entries in all. */
  readonly limit: number;
  /** Bytes of messages of one log after which there are no more. */
  readonly maxBytes: number;
}

/** A cursor: after the entry with this number, which must have this time and dispatch unless they are null. */
export interface CursorRow {
  readonly microgridId: number;
  readonly seq: number;
  readonly atUs: number | null;
  readonly id: number | null;
}

/** An entry of a log; or nulls for a log that has none after its cursor. */
export type LogRow = {
  /** The place of its cursor. */
  readonly turn: number;
  readonly microgrid_id: number;
  /** The number of the last entry of the log. */
  readonly head: number;
  /** Whether the log has the entry of the cursor. */
  readonly intact: boolean | number;
} & (
  | Omit<ServiceSchema['dispatch_change'], 'microgrid_id'>
  | {
      readonly seq: null;
      readonly dispatch_id: null;
      readonly kind: null;
      readonly at_us: null;
      readonly message: null;
    }
);

/** A database of dispatches. When it fails, other than by refusing a statement, its errors are UNAVAILABLE. */
export interface SqlDatabase {
  /** For people: without secrets. */
  readonly name: string;
  /** For writes. The others are for other work, so that none waits for connections that another has taken. */
  readonly db: Kysely<ServiceSchema>;
  /** For gets and lists. */
  readonly reads: Kysely<ServiceSchema>;
  /** Finds the first row of a query by a key, as {@link reads} does or faster. */
  find<Row>(query: CompiledQuery<Row>): Promise<Row | undefined>;
  /** For the change log. */
  readonly log: Kysely<ServiceSchema>;
  /** For deleting what has expired. */
  readonly upkeep: Kysely<ServiceSchema>;
  readonly dialect: SqlDialect;
  /**
   * Does a little work on a connection of its own.
   *
   * @throws DispatchError UNAVAILABLE when the database fails, or tells that it takes no writes.
   */
  check(): Promise<void>;
  /**
   * Calls the listener with the microgrids that another process has changed; with null when they are unknown.
   */
  onChange(listener: (microgridIds: readonly number[] | null) => void): void;
  /**
   * Tells the other processes that these microgrids have changes, which must be committed. It returns at once, and what is not
   * delivered does no harm: everybody polls.
   */
  announce(microgridIds: readonly number[]): void;
  close(): Promise<void>;
}
