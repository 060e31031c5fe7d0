import { randomBytes } from 'node:crypto';

import { DispatchError } from '../../../model/dispatchError.js';
import type { SqlDatabase } from './sqlDialect.js';

/** Whether a database takes writes, as far as it is known without making any. */
export interface WriteHealth {
  /** Makes a write, and learns from it. */
  watch<Result>(write: () => Promise<Result>): Promise<Result>;
  /**
   * Checks the database; after a write that failed, also with a write of its own.
   *
   * @throws DispatchError UNAVAILABLE when it fails.
   */
  check(): Promise<void>;
}

/** More than the largest dispatch: on a full disk, small writes may succeed for a while. */
const PROBE_BYTES = 64 * 1024;
/** The row of the probe. No request of a caller has this id. */
const PROBE_ID = 'health check';

/** Creates the health of writes of a database. A disk that is full is noticed by the first write that fails. */
export function writeHealth(database: SqlDatabase): WriteHealth {
  let failing = false;

  async function watch<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      const result = await write();
      failing = false;
      return result;
    } catch (error) {
      if (error instanceof DispatchError && error.code === 'UNAVAILABLE') failing = true;
      throw error;
    }
  }

  return {
    watch,
    async check() {
      await database.check();
      if (failing) await watch(() => probe(database));
    },
  };
}

/** Writes a row that has expired, which pruning deletes. Random bytes cannot be compressed. */
async function probe({ db }: SqlDatabase): Promise<void> {
  const row = { hash: '', dispatch_id: 0, message: randomBytes(PROBE_BYTES), until_us: 0 };
  await db
    .insertInto('request')
    .values({ id: PROBE_ID, ...row })
    .onConflict(conflict => conflict.column('id').doUpdateSet(row))
    .execute();
}
