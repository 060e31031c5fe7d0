import type { Insertable, Transaction } from 'kysely';

import type { AuditEntry } from '../../domain/audit.js';
import type { DispatchRow, DispatchWrite, LoggedChange, StoredDispatch } from '../../domain/dispatchStore.js';
import { writeAudit } from './auditLog.js';
import { insertionInto } from './insertRows.js';
import { NEVER, type ServiceSchema } from './schema.js';
import type { LockedMicrogrid, SqlDialect } from './sqlDialect.js';
import { type BatchIdempotency, readIdempotency } from './sqlIdempotency.js';
import { writeTargets } from './writeTargets.js';

/** A write with its microgrid. */
export interface WriteCall {
  readonly microgridId: number;
  readonly write: DispatchWrite;
}

/** A locked microgrid, with the changes of the batch so far. */
export interface ChangingMicrogrid {
  seq: number;
  lastUs: number;
  readonly nowUs: number;
}

type Owned<Dispatch> = Dispatch & { readonly microgridId: number };

/** The state of one transaction of writes. */
export interface Batch {
  readonly microgrids: ReadonlyMap<number, ChangingMicrogrid>;
  /** Ids for new dispatches. */
  readonly freshIds: number[];
  /** Dispatches before the batch, by id. */
  readonly before: ReadonlyMap<number, Owned<StoredDispatch>>;
  /** Changed dispatches, by id; null for deleted ones. */
  readonly after: Map<number, Owned<DispatchRow> | null>;
  /** Changed dispatches whose search keys may have changed. */
  readonly retargeted: Set<number>;
  readonly changes: LoggedChange[];
  readonly audit: AuditEntry[];
  readonly idempotency: BatchIdempotency;
}

const insertChanges = insertionInto('dispatch_change');

const putDispatches = insertionInto('dispatch', insertion =>
  insertion.onConflict(conflict =>
    conflict.column('id').doUpdateSet(eb => ({
      type: eb.ref('excluded.type'),
      start_s: eb.ref('excluded.start_s'),
      end_s: eb.ref('excluded.end_s'),
      active: eb.ref('excluded.active'),
      dry_run: eb.ref('excluded.dry_run'),
      recurring: eb.ref('excluded.recurring'),
      create_us: eb.ref('excluded.create_us'),
      update_us: eb.ref('excluded.update_us'),
      message: eb.ref('excluded.message'),
    })),
  ),
);

const putMicrogrids = insertionInto('microgrid', insertion =>
  insertion.onConflict(conflict =>
    conflict.column('id').doUpdateSet({ seq: eb => eb.ref('excluded.seq'), last_us: eb => eb.ref('excluded.last_us') }),
  ),
);

/** Reads the dispatches, nonces and requests of calls, whose microgrids are locked. */
export async function readBatch(
  transaction: Transaction<ServiceSchema>,
  dialect: SqlDialect,
  locked: readonly LockedMicrogrid[],
  calls: readonly WriteCall[],
): Promise<Batch> {
  const ids = calls.flatMap(({ write }) => write.id ?? []);
  const before =
    ids.length === 0
      ? []
      : await transaction
          .selectFrom('dispatch')
          .select(['id', 'microgrid_id', 'message'])
          .where('id', 'in', ids)
          .execute();
  const createCount = calls.length - ids.length;
  return {
    microgrids: new Map(locked.map(microgrid => [microgrid.id, { ...microgrid }])),
    freshIds: createCount === 0 ? [] : await dialect.takeIds(transaction, createCount),
    before: new Map(before.map(({ id, microgrid_id, message }) => [id, { id, microgridId: microgrid_id, message }])),
    after: new Map(),
    retargeted: new Set(),
    changes: [],
    audit: [],
    idempotency: await readIdempotency(
      transaction,
      calls.map(({ write }) => write),
    ),
  };
}

/** Writes the changes of a batch. */
export async function writeBatch(
  transaction: Transaction<ServiceSchema>,
  dialect: SqlDialect,
  { microgrids, before, after, retargeted, changes, audit }: Batch,
): Promise<void> {
  await insertChanges(transaction, changes.map(changeRow));
  if (audit.length > 0) await writeAudit(transaction, audit);

  const gone = [...after.keys()].filter(id => before.has(id) && after.get(id) === null);
  if (gone.length > 0) {
    await transaction.deleteFrom('dispatch_target').where('dispatch_id', 'in', gone).execute();
    await transaction.deleteFrom('dispatch').where('id', 'in', gone).execute();
  }
  const rows = [...after.values()].filter(row => row !== null);
  await putDispatches(transaction, rows.map(dispatchRow));
  const targeted = rows.filter(({ id }) => retargeted.has(id));
  await writeTargets(transaction, dialect, targeted, id => before.has(id));

  const changed = new Set(changes.map(change => change.microgridId));
  await putMicrogrids(
    transaction,
    [...microgrids].filter(([id]) => changed.has(id)).map(([id, { seq, lastUs }]) => ({ id, seq, last_us: lastUs })),
  );
}

function changeRow({
  microgridId,
  seq,
  id,
  kind,
  atUs,
  message,
}: LoggedChange): Insertable<ServiceSchema['dispatch_change']> {
  return { microgrid_id: microgridId, seq, dispatch_id: id, kind, at_us: atUs, message };
}

function dispatchRow(row: Owned<DispatchRow>): Insertable<ServiceSchema['dispatch']> {
  return {
    id: row.id,
    microgrid_id: row.microgridId,
    type: row.type,
    start_s: row.startS,
    end_s: row.endS ?? NEVER,
    active: Number(row.active),
    dry_run: Number(row.dryRun),
    recurring: Number(row.recurring),
    create_us: row.createUs,
    update_us: row.updateUs,
    message: row.message,
  };
}
