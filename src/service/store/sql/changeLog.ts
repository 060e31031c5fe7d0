import type { Kysely } from 'kysely';

import type { ChangeBatch, LoggedChange } from '../../domain/dispatchStore.js';
import type { ServiceSchema } from './schema.js';
import type { SqlDatabase } from './sqlDialect.js';

/** A range of one log whose entries existed when it was requested. */
interface Part {
  readonly microgridId: number;
  readonly from: number;
  readonly to: number;
}

/** Reads the entries after the cursors, the same number of each log; see `DispatchStore.changes`. */
export async function readChanges(
  { db, dialect }: SqlDatabase,
  cursors: ReadonlyMap<number, number>,
  limit: number,
): Promise<ChangeBatch> {
  const heads = await db
    .selectFrom('microgrid')
    .select(['id', 'seq'])
    .where(eb => dialect.isAnyOf(eb.ref('microgrid.id'), [...cursors.keys()]))
    .orderBy('id')
    .execute();
  const behind = heads.flatMap(({ id, seq }): Part[] => {
    const from = cursors.get(id) ?? seq;
    return from < seq ? [{ microgridId: id, from, to: seq }] : [];
  });
  if (behind.length === 0) return { changes: [], pruned: [], more: [] };
  const share = Math.max(1, Math.floor(limit / behind.length));
  const parts = behind.slice(0, limit).map(part => ({ ...part, to: Math.min(part.to, part.from + share) }));
  const more = behind.filter(({ to }, index) => to !== parts[index]?.to).map(({ microgridId }) => microgridId);
  return { ...withoutHoles(parts, await readParts(db, parts)), more };
}

async function readParts(db: Kysely<ServiceSchema>, parts: readonly Part[]): Promise<LoggedChange[]> {
  const rows = await db
    .selectFrom('dispatch_change')
    .selectAll()
    .where(eb =>
      eb.or(
        parts.map(({ microgridId, from, to }) =>
          eb.and([eb('microgrid_id', '=', microgridId), eb('seq', '>', from), eb('seq', '<=', to)]),
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

/** Logs have no gaps, so missing entries of a range were pruned. */
function withoutHoles(parts: readonly Part[], found: readonly LoggedChange[]): Omit<ChangeBatch, 'more'> {
  const changes: LoggedChange[] = [];
  const pruned: number[] = [];
  for (const { microgridId, from, to } of parts) {
    const part = found.filter(change => change.microgridId === microgridId);
    if (part.length === to - from) changes.push(...part);
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
    .orderBy('at_us')
    .limit(limit);
  const { numDeletedRows } = await db
    .deleteFrom('dispatch_change')
    .where(({ eb, refTuple }) => eb(refTuple('microgrid_id', 'seq'), 'in', oldest.$asTuple('microgrid_id', 'seq')))
    .executeTakeFirst();
  return Number(numDeletedRows);
}
