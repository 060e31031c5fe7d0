import type { Kysely } from 'kysely';

import { LOG_START, type LogPosition } from '../../../wire/logPosition.js';
import { type ChangeBatch, isEntryOf, type LogCursor, type LoggedChange, seqOf } from '../../domain/dispatchStore.js';
import type { ServiceSchema } from './schema.js';
import type { SqlDatabase } from './sqlDialect.js';

/** A range of one log whose entries existed when it was requested. */
interface Part {
  readonly microgridId: number;
  readonly from: number;
  readonly to: number;
  /** The entry that the log must have before it; null: any. */
  readonly after: LogPosition | null;
}

/** Reads the position of the last entry; see `DispatchStore.cursor`. */
export async function readCursor({ db }: SqlDatabase, microgridId: number): Promise<LogCursor> {
  const row = await db
    .selectFrom('microgrid')
    .leftJoin('dispatch_change', join =>
      join
        .onRef('dispatch_change.microgrid_id', '=', 'microgrid.id')
        .onRef('dispatch_change.seq', '=', 'microgrid.seq'),
    )
    .select(['microgrid.seq', 'at_us', 'dispatch_id'])
    .where('microgrid.id', '=', microgridId)
    .executeTakeFirst();
  if (row === undefined || row.seq === 0) return LOG_START;
  const { seq, at_us: atUs, dispatch_id: id } = row;
  return atUs === null || id === null ? seq : { seq, atUs, id };
}

/** Reads the entries after the cursors, the same number of each log; see `DispatchStore.changes`. */
export async function readChanges(
  { db, dialect }: SqlDatabase,
  cursors: ReadonlyMap<number, LogCursor>,
  limit: number,
): Promise<ChangeBatch> {
  const heads = await db
    .selectFrom('microgrid')
    .select(['id', 'seq', 'last_us'])
    .where(eb => dialect.isAnyOf(eb.ref('microgrid.id'), [...cursors.keys()]))
    .orderBy('id')
    .execute();
  const headOf = new Map(heads.map(head => [head.id, head]));
  const behind: Part[] = [];
  const lost: number[] = [];
  for (const [microgridId, cursor] of cursors) {
    const { seq: to, last_us: lastUs } = headOf.get(microgridId) ?? { seq: 0, last_us: 0 };
    const from = seqOf(cursor);
    const after = typeof cursor === 'number' || from === 0 ? null : cursor;
    if (after !== null && (from > to || (from === to && after.atUs !== lastUs))) lost.push(microgridId);
    else if (from < to) behind.push({ microgridId, from, to, after });
  }
  behind.sort((a, b) => a.microgridId - b.microgridId);
  if (behind.length === 0) return { changes: [], pruned: lost, more: [] };
  const share = Math.max(1, Math.floor(limit / behind.length));
  const parts = behind.slice(0, limit).map(part => ({ ...part, to: Math.min(part.to, part.from + share) }));
  const more = behind.filter(({ to }, index) => to !== parts[index]?.to).map(({ microgridId }) => microgridId);
  const { changes, pruned } = withoutHoles(parts, await readParts(db, parts));
  return { changes, pruned: [...lost, ...pruned], more };
}

async function readParts(db: Kysely<ServiceSchema>, parts: readonly Part[]): Promise<LoggedChange[]> {
  const rows = await db
    .selectFrom('dispatch_change')
    .selectAll()
    .where(eb =>
      eb.or(
        parts.map(({ microgridId, from, to, after }) =>
          eb.and([
            eb('microgrid_id', '=', microgridId),
            eb('seq', after === null ? '>' : '>=', from),
            eb('seq', '<=', to),
          ]),
        ),
      ),
    )
    .orderBy('microgrid_id')
    .orderBy('seq')
    .execute();
  return rows.map(row => ({
    microgridId: row.microgrid_id,
    seq: row.seq,
    kind: row.kind,
    atUs: row.at_us,
    id: row.dispatch_id,
    message: row.message,
  }));
}

/** Logs have no gaps, so missing entries of a range were pruned. Another entry before it than expected: it is another log. */
function withoutHoles(parts: readonly Part[], found: readonly LoggedChange[]): Omit<ChangeBatch, 'more'> {
  const changes: LoggedChange[] = [];
  const pruned: number[] = [];
  for (const { microgridId, from, to, after } of parts) {
    const part = found.filter(change => change.microgridId === microgridId);
    const isThatLog = after === null || isEntryOf(after, part.shift());
    if (isThatLog && part.length === to - from) changes.push(...part);
    else pruned.push(microgridId);
  }
  return { changes, pruned };
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
