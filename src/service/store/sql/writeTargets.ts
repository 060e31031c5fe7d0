import type { Transaction } from 'kysely';

import { insertionInto } from './insertRows.js';
import type { ServiceSchema } from './schema.js';
import type { SqlDialect } from './sqlDialect.js';

/** A dispatch with the search keys that it is to have. */
interface Targeted {
  readonly microgridId: number;
  readonly id: number;
  readonly targetKeys: readonly string[];
}

/** Maximum rows of keys per statement: SQLite allows 32,766 parameters. */
const KEYS_AT_ONCE = 5_000;

const insertTargets = insertionInto('dispatch_target');

/**
 * Writes the search keys of dispatches: only those that they do not have yet, and deletes those that they have no longer.
 *
 * @param isOld whether a dispatch may have keys already.
 */
export async function writeTargets(
  transaction: Transaction<ServiceSchema>,
  dialect: SqlDialect,
  dispatches: readonly Targeted[],
  isOld: (id: number) => boolean,
): Promise<void> {
  const stored = await storedKeys(transaction, dispatches.map(({ id }) => id).filter(isOld));
  const added: ServiceSchema['dispatch_target'][] = [];
  const removed: (readonly [id: number, keys: readonly string[]])[] = [];
  for (const { microgridId, id, targetKeys } of dispatches) {
    const left = stored.get(id) ?? new Set();
    // `delete` tells whether it was there.
    for (const key of targetKeys)
      if (!left.delete(key)) added.push({ microgrid_id: microgridId, key, dispatch_id: id });
    if (left.size > 0) removed.push([id, [...left]]);
  }
  if (removed.length > 0) {
    await transaction
      .deleteFrom('dispatch_target')
      .where(({ eb, or, and, ref }) =>
        or(
          removed.map(([id, keys]) =>
            and([eb('dispatch_id', '=', id), dialect.isAnyOf(ref('dispatch_target.key'), keys)]),
          ),
        ),
      )
      .execute();
  }
  for (let from = 0; from < added.length; from += KEYS_AT_ONCE) {
    await insertTargets(transaction, added.slice(from, from + KEYS_AT_ONCE));
  }
}

async function storedKeys(
  transaction: Transaction<ServiceSchema>,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Set<string>>> {
  const keys = new Map(ids.map(id => [id, new Set<string>()]));
  if (ids.length === 0) return keys;
  const query = transaction.selectFrom('dispatch_target').select(['dispatch_id', 'key']);
  for (const row of await query.where('dispatch_id', 'in', ids).execute()) keys.get(row.dispatch_id)?.add(row.key);
  return keys;
}
