import type { AliasableExpression, Expression, Kysely, SqlBool, Transaction } from 'kysely';

import type { ServiceSchema } from './schema.js';

/** What the databases say differently. */
export interface SqlDialect {
  /** The database's clock, in whole microseconds since the epoch. */
  nowUs(): AliasableExpression<number>;
  /** Whether a value is one of these, of which there may be any number. It names its table, as the texts below do. */
  isAnyOf<Value extends number | string>(value: Expression<Value>, these: readonly Value[]): Expression<SqlBool>;
  /** Whether a text contains one of these, of which there may be any number, in the same case. */
  containsAnyOf(text: Expression<string>, these: readonly string[]): Expression<SqlBool>;
  /** Ids that no dispatch has ever had, and that no dispatch will get but by this. */
  takeIds(transaction: Transaction<ServiceSchema>, count: number): Promise<number[]>;
  /** Lets other processes know, once the transaction is committed, that these microgrids have changes. */
  announce(transaction: Transaction<ServiceSchema>, microgridIds: readonly number[]): Promise<void>;
}

/** A database that keeps dispatches. When it fails, and not only refuses a statement, its errors are UNAVAILABLE. */
export interface SqlDatabase {
  /** As people may read it: without secrets. */
  readonly name: string;
  readonly db: Kysely<ServiceSchema>;
  readonly dialect: SqlDialect;
  /**
   * Calls the listener when another process has changed these microgrids; null: when that may be and it is not known
   * which.
   */
  onChange(listener: (microgridIds: readonly number[] | null) => void): void;
  close(): Promise<void>;
}
