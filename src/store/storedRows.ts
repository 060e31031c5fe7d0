import { CompiledQuery, type Transaction } from 'kysely';

import type { StoreChange, StoredDispatch, StoredPage } from '../../machines/protocol/dispatcherStore.js';
import { isObject, show } from '../../machines/protocol/recordCheck.js';
import { DispatchError } from '../model/dispatchError.js';
import type { StoreSchema } from './storeSchema.js';

/** Writes changes of dispatches: their rows are replaced or deleted. */
export async function writeRows(
  db: Transaction<StoreSchema>,
  microgridId: number,
  slice: readonly StoreChange[],
): Promise<void> {
  const upserts: (number | string)[][] = [];
  const deletions: number[] = [];
  for (const change of slice) {
    if (change.kind === 'dropped') deletions.push(change.id);
    if (change.kind === 'kept') upserts.push([microgridId, change.id, JSON.stringify(change.stored)]);
  }
  if (upserts.length > 0) {
    // As raw SQL: the query builder would create thousands of objects for each slice.
    const rows = upserts.map(() => '(?, ?, ?)').join();
    const insert = `INSERT INTO dispatch (microgrid_id, id, stored) VALUES ${rows} ON CONFLICT DO UPDATE SET stored = excluded.stored`;
    await db.executeQuery(CompiledQuery.raw(insert, upserts.flat()));
  }
  if (deletions.length > 0) {
    await db.deleteFrom('dispatch').where('microgrid_id', '=', microgridId).where('id', 'in', deletions).execute();
  }
}

/** Reads rows of dispatches. One that is no object is a problem; a machine checks the others. */
export function readRows(
  rows: readonly { id: number; stored: string }[],
  path: string,
  microgridId: number,
): StoredPage {
  const dispatches: StoredDispatch[] = [];
  const problems: DispatchError[] = [];
  for (const { id, stored } of rows) {
    try {
      const dispatch: unknown = JSON.parse(stored);
      // A machine checks the rest, but could not name it.
      if (!isObject(dispatch)) throw new TypeError(`it must be an object, not ${show(dispatch)}`);
      dispatches.push(dispatch as unknown as StoredDispatch);
    } catch (cause) {
      const message = `dispatch ${id} of ${path} cannot be read`;
      problems.push(new DispatchError('DATA_LOSS', message, { microgridId, dispatchId: id, cause }));
    }
  }
  return { dispatches, problems };
}
