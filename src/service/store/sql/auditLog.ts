import type { Kysely, Selectable, Transaction } from 'kysely';

import type { AuditEntry, AuditPage, AuditQuery } from '../../domain/audit.js';
import { cutAuditPage } from '../auditEntries.js';
import { insertionInto } from './insertRows.js';
import type { ServiceSchema } from './schema.js';
import type { SqlDatabase } from './sqlDialect.js';

/** Entries read at a time: a page of large ones should not be in memory as a whole before it is cut. */
const READ_AT_ONCE = 50;

const insertEntries = insertionInto('dispatch_audit');

/** Writes entries, in the transaction of their changes. */
export async function writeAudit(
  transaction: Transaction<ServiceSchema>,
  entries: readonly AuditEntry[],
): Promise<void> {
  await insertEntries(
    transaction,
    entries.map(({ microgridId, atUs, dispatchId, keyName, requestId, seq, method, note, before, after }) => ({
      microgrid_id: microgridId,
      at_us: atUs,
      dispatch_id: dispatchId,
      key_name: keyName,
      request_id: requestId,
      seq,
      method,
      note,
      before,
      after,
    })),
  );
}

/** Reads a page; see `DispatchStore.audit`. */
export function readAudit(
  { db }: SqlDatabase,
  microgridId: number,
  query: AuditQuery,
  limit: number,
  maxBytes: number,
): Promise<AuditPage> {
  return cutAuditPage(entriesOf(db, microgridId, query), limit, maxBytes);
}

async function* entriesOf(
  db: Kysely<ServiceSchema>,
  microgridId: number,
  { filter, oldestFirst, after }: AuditQuery,
): AsyncIterable<AuditEntry> {
  const { dispatchIds, keyNames, methods, fromUs, toUs } = filter;
  // A list of an `in` must have an entry in SQLite's and PostgreSQL's grammar.
  if (dispatchIds?.length === 0 || keyNames?.length === 0 || methods?.length === 0) return;
  const direction = oldestFirst ? 'asc' : 'desc';
  let lastSeq = after;
  for (;;) {
    const place = lastSeq;
    const rows = await db
      .selectFrom('dispatch_audit')
      .selectAll()
      .where('microgrid_id', '=', microgridId)
      .$if(place !== null, select => select.where('seq', oldestFirst ? '>' : '<', place ?? 0))
      .$if(dispatchIds !== undefined, select => select.where('dispatch_id', 'in', dispatchIds ?? []))
      .$if(keyNames !== undefined, select => select.where('key_name', 'in', keyNames ?? []))
      .$if(methods !== undefined, select => select.where('method', 'in', methods ?? []))
      .$if(fromUs !== undefined, select => select.where('at_us', '>=', fromUs ?? 0))
      .$if(toUs !== undefined, select => select.where('at_us', '<', toUs ?? 0))
      .orderBy('seq', direction)
      .orderBy('at_us', direction)
      .limit(READ_AT_ONCE)
      .execute();
    for (const row of rows) yield toEntry(row);
    lastSeq = rows.at(-1)?.seq ?? null;
    if (rows.length < READ_AT_ONCE) return;
  }
}

function toEntry(row: Selectable<ServiceSchema['dispatch_audit']>): AuditEntry {
  const { microgrid_id, at_us, dispatch_id, key_name, request_id, ...same } = row;
  return {
    microgridId: microgrid_id,
    atUs: at_us,
    dispatchId: dispatch_id,
    keyName: key_name,
    requestId: request_id,
    ...same,
  };
}

/** Deletes entries from before an instant; see `DispatchStore.pruneAudit`. */
export async function pruneAudit({ db }: SqlDatabase, beforeUs: number, limit: number): Promise<number> {
  const oldest = db
    .selectFrom('dispatch_audit')
    .select(['microgrid_id', 'seq', 'at_us'])
    .where('at_us', '<', beforeUs)
    .orderBy('at_us')
    .limit(limit);
  const { numDeletedRows } = await db
    .deleteFrom('dispatch_audit')
    .where(({ eb, refTuple }) =>
      eb(refTuple('microgrid_id', 'seq', 'at_us'), 'in', oldest.$asTuple('microgrid_id', 'seq', 'at_us')),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
