import { LOG_START } from '../../../wire/logPosition.js';
import { type ChangeBatch, isEntryOf, type LogCursor, type LoggedChange, seqOf } from '../../domain/dispatchStore.js';
import type { LogRow, SqlDatabase } from './sqlDialect.js';

/** Reads the position of the last entry of each log; see `DispatchStore.cursor`. */
export async function readCursors(
  { db, dialect }: SqlDatabase,
  microgridIds: readonly number[],
): Promise<readonly LogCursor[]> {
  const rows = await db
    .selectFrom('microgrid')
    .leftJoin('dispatch_change', join =>
      join
        .onRef('dispatch_change.microgrid_id', '=', 'microgrid.id')
        .onRef('dispatch_change.seq', '=', 'microgrid.seq'),
    )
    .select(['microgrid.id', 'microgrid.seq', 'at_us', 'dispatch_id'])
    .where(eb => dialect.isAnyOf(eb.ref('microgrid.id'), microgridIds))
    .execute();
  const cursors = new Map(
    rows.map(({ id, seq, at_us: atUs, dispatch_id: dispatchId }): [number, LogCursor] => [
      id,
      atUs === null || dispatchId === null ? seq : { seq, atUs, id: dispatchId },
    ]),
  );
  // The log of a microgrid whose first change is being made is empty, as that of one that nothing is known of.
  return microgridIds.map(id => cursors.get(id) || LOG_START);
}

/** Reads the entries after the cursors, the same number of each log; see `DispatchStore.changes`. */
export async function readChanges(
  { db, dialect }: SqlDatabase,
  cursors: ReadonlyMap<number, LogCursor>,
  limit: number,
  maxBytes: number = Number.MAX_SAFE_INTEGER,
): Promise<ChangeBatch> {
  const request = { cursors: [...cursors].map(toRow), limit, maxBytes };
  const logs = db.selectFrom(dialect.logsBehind(request).as('log')).selectAll();
  // Kysely takes the two kinds of rows for one.
  const rows = (await logs.orderBy('turn').orderBy('seq').execute()) as LogRow[];
  const changes: LoggedChange[] = [];
  const pruned: number[] = [];
  const partly: number[] = [];
  let served = 0;
  for (const log of logsOf(rows)) {
    served += 1;
    const { microgridId, head } = log;
    const found = entriesAfter(cursors.get(microgridId) ?? 0, log);
    if (found === null) pruned.push(microgridId);
    else changes.push(...found);
    if (found !== null && (found.at(-1)?.seq ?? head) < head) partly.push(microgridId);
  }
  // Others may wait behind the last one.
  const lastId = rows.at(-1)?.microgrid_id ?? 0;
  const ids = [...cursors.keys()];
  const unread = served < limit ? [] : ids.slice(ids.indexOf(lastId) + 1);
  return { changes, pruned, more: [...unread, ...partly] };
}

function toRow([microgridId, cursor]: [number, LogCursor]) {
  const seq = seqOf(cursor);
  return { microgridId, seq, atUs: typeof cursor === 'number' || seq === 0 ? null : cursor.atUs };
}

/** What was read of one log. */
interface ReadLog {
  readonly microgridId: number;
  readonly head: number;
  readonly entries: LoggedChange[];
}

function logsOf(rows: readonly LogRow[]): ReadLog[] {
  const logs: ReadLog[] = [];
  for (const row of rows) {
    const { microgrid_id: microgridId, head } = row;
    if (logs.at(-1)?.microgridId !== microgridId) logs.push({ microgridId, head, entries: [] });
    if (row.seq === null) continue;
    const { seq, kind, at_us: atUs, dispatch_id: id, message } = row;
    logs.at(-1)?.entries.push({ microgridId, seq, kind, atUs, id, message });
  }
  return logs;
}

/**
 * The entries after a cursor. Null when the log is another one, or was pruned: it does not have the entry of the cursor, or those right
 * after it, since logs have no gaps.
 */
function entriesAfter(cursor: LogCursor, { head, entries }: ReadLog): readonly LoggedChange[] | null {
  const from = seqOf(cursor);
  const isAny = typeof cursor === 'number' || from === 0;
  if (head < from || (!isAny && !isEntryOf(cursor, entries.shift()))) return null;
  const inOrder = entries.filter(({ seq }, index) => seq === from + 1 + index);
  return inOrder.length === 0 && head > from ? null : inOrder;
}

/** Deletes entries from before an instant; see `DispatchStore.prune`. */
export async function pruneChanges({ db }: SqlDatabase, beforeUs: number, limit: number): Promise<number> {
  const oldest = db
    .selectFrom('dispatch_change')
    .select(['microgrid_id', 'seq'])
    .where('at_us', '<', beforeUs)
    // The last entry stays: it is the position from which streams are resumed.
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('microgrid')
            .select('microgrid.id')
            .whereRef('microgrid.id', '=', 'dispatch_change.microgrid_id')
            .whereRef('microgrid.seq', '=', 'dispatch_change.seq'),
        ),
      ),
    )
    .orderBy('at_us')
    .limit(limit);
  const { numDeletedRows } = await db
    .deleteFrom('dispatch_change')
    .where(({ eb, refTuple }) => eb(refTuple('microgrid_id', 'seq'), 'in', oldest.$asTuple('microgrid_id', 'seq')))
    .executeTakeFirst();
  return Number(numDeletedRows);
}
