import { CompiledQuery, type Insertable, type InsertQueryBuilder, type InsertResult, type Transaction } from 'kysely';

import type { ServiceSchema } from './schema.js';

/** Adds to an insertion what to do with rows that are there already. */
type OnConflict<Table extends keyof ServiceSchema> = (
  insertion: InsertQueryBuilder<ServiceSchema, Table, InsertResult>,
) => InsertQueryBuilder<ServiceSchema, Table, InsertResult>;

/** Inserts rows, which all have the same columns. */
export type InsertRows<Table extends keyof ServiceSchema> = (
  transaction: Transaction<ServiceSchema>,
  rows: readonly Insertable<ServiceSchema[Table]>[],
) => Promise<void>;

/** Maximum number of rows of the statements that are remembered. */
const MAX_REMEMBERED = 128;

/**
 * Creates what inserts rows into a table. To make the text of a statement takes longer than anything else that this process does for a
 * transaction, so it is made once for each number of rows.
 */
export function insertionInto<Table extends keyof ServiceSchema>(
  table: Table,
  onConflict: OnConflict<Table> = insertion => insertion,
): InsertRows<Table> {
  /** Texts by number of rows, for each database: their grammars differ. */
  const remembered = new WeakMap<object, Map<number, string>>();

  return async (transaction, rows) => {
    const [first] = rows;
    if (!first) return;
    const { adapter } = transaction.getExecutor();
    const texts = remembered.get(adapter) ?? new Map<number, string>();
    remembered.set(adapter, texts);
    const compile = () => onConflict(transaction.insertInto(table).values([...rows])).compile().sql;
    const text = texts.get(rows.length) ?? compile();
    if (rows.length <= MAX_REMEMBERED) texts.set(rows.length, text);
    const columns = Object.keys(first) as (keyof typeof first)[];
    await transaction.executeQuery(
      CompiledQuery.raw(
        text,
        rows.flatMap(row => columns.map(column => row[column])),
      ),
    );
  };
}
