import { sql } from 'kysely';

import type { SqlDialect } from '../sqlDialect.js';

/**
 * Locks the rows of microgrids. It never waits for a lock while it holds another one, so processes cannot deadlock.
 *
 * @param nowUs - the clock, in microseconds since the epoch; that of the database when it is absent.
 */
export function microgridLocks(nowUs?: () => number): Pick<SqlDialect, 'addMicrogrids' | 'lockMicrogrids'> {
  /** Microgrids that have a row, as far as this process knows. A database that was replaced may not have it any more. */
  const known = new Set<number>();
  const clock = () =>
    nowUs ? sql<number>`${nowUs()}::bigint` : sql<number>`(extract(epoch from clock_timestamp()) * 1000000)::bigint`;

  return {
    async addMicrogrids(db, ids) {
      const missing = ids.filter(id => !known.has(id));
      if (missing.length === 0) return;
      await db
        .insertInto('microgrid')
        .values(missing.map(id => ({ id, seq: 0, last_us: 0 })))
        .onConflict(conflict => conflict.column('id').doNothing())
        .execute();
    },
    async lockMicrogrids(transaction, ids, waits) {
      const query = transaction
        .selectFrom('microgrid')
        .select(['id', 'seq', 'last_us as lastUs', clock().as('nowUs')])
        .where(eb => sql<boolean>`${eb.ref('microgrid.id')} = any(${ids})`)
        .orderBy('id')
        .forUpdate();
      const locked = await (waits ? query : query.skipLocked()).execute();
      for (const id of ids) known.delete(id);
      for (const { id } of locked) known.add(id);
      return locked;
    },
  };
}
