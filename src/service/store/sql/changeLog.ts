import { LOG_START } from '../../../wire/logPosition.js';
import type { ChangeBatch, LoggedChange } from '../../domain/dispatchStore.js';
import { type LogCursor, seqOf } from '../../domain/logCursor.js';
import type { CursorRow, LogRow, SqlDatabase } from './sqlDialect.js';

/** An id that no dispatch has. */
const NO_DISPATCH = -1;

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
  const logs = db
    .selectFrom(dialect.logsBehind(request).as('log'))
    .select(['microgrid_id', 'head', 'intact', 'seq', 'dispatch_id', 'kind', 'at_us', 'message'])
    .orderBy('turn')
    .orderBy('seq');
  // Kysely takes the two kinds of rows for one.
  const rows = (await logs.execute()) as Omit<LogRow, 'turn'>[] as LogRow[];
  const changes: LoggedChange[] = [];
  const pruned: number[] = [];
  const partly: number[] = [];
  let served = 0;
  for (const log of logsOf(rows)) {
    served += 1;
    const { microgridId, head } = log;
    const found = entriesAfter(seqOf(cursors.get(microgridId) ?? 0), log);
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

function toRow([microgridId, cursor]: [number, LogCursor]): CursorRow {
  const seq = seqOf(cursor);
  const isAny = typeof cursor === 'number' || seq === 0;
  if (isAny) return { microgridId, seq, atUs: null, id: null };
  const id = Number(cursor.id);
  return { microgridId, seq, atUs: cursor.atUs, id: Number.isSafeInteger(id) ? id : NO_DISPATCH };
}

/** What was read of one log. */
interface ReadLog {
  readonly microgridId: number;
  readonly head: number;
  readonly intact: boolean;
  readonly entries: LoggedChange[];
}

function logsOf(rows: readonly LogRow[]): ReadLog[] {
  const logs: ReadLog[] = [];
  for (const row of rows) {
    const { microgrid_id: microgridId, head, intact } = row;
    if (logs.at(-1)?.microgridId !== microgridId)
      logs.push({ microgridId, head, intact: Boolean(intact), entries: [] });
    if (row.seq === null) continue;
    const { seq, kind, at_us: atUs, dispatch_id: id, message } = row;
    logs.at(-1)?.entries.push({ microgridId, seq, kind, atUs, id, message });
  }
  return logs;
}

/** The entries after a position. Null when the log is another one, or was pruned: logs have no gaps. */
function entriesAfter(from: number, { head, intact, entries }: ReadLog): readonly LoggedChange[] | null {
  const inOrder = entries.filter(({ seq }, index) => seq === from + 1 + index);
  return intact && (inOrder.length > 0 || head === from) ? inOrder : null;
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
