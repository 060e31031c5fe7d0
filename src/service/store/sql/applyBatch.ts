import type { ControlledTransaction } from 'kysely';

import { DispatchError } from '../../../model/dispatchError.js';
import type { AppliedWrite } from '../../domain/dispatchStore.js';
import { auditEntry } from '../auditEntries.js';
import type { ServiceSchema } from './schema.js';
import type { SqlDatabase } from './sqlDialect.js';
import { findEarlierResult, recordResult, writeCompletedRequests } from './sqlIdempotency.js';
import { type Batch, type ChangingMicrogrid, readBatch, type WriteCall, writeBatch } from './writeBatch.js';

/** The outcome of a call: it was applied, or refused by its own decision. Or nothing of it was done. */
export type WriteOutcome =
  | { readonly applied: AppliedWrite }
  | { readonly refusal: unknown }
  | typeof LOCKED
  | typeof HELD;

/** The outcome of a call whose microgrid another process has locked. */
export const LOCKED = 'locked';

/** The outcome of all calls of a transaction that waited in vain for something else that another session has locked, such as a dispatch. */
export const HELD = 'held';

/** Whether nothing was done of a call, because another session has locked what it needs. */
export function isSkipped(outcome: WriteOutcome | undefined): outcome is typeof LOCKED | typeof HELD {
  return outcome === LOCKED || outcome === HELD;
}

/**
 * Applies writes in one transaction, in this order, so that they share one wait for the disk. Decisions are made in this process and
 * see the results of those before them; the database gets the final state in a few statements.
 *
 * @param waits - whether to wait for a moment for microgrids that another process has locked.
 * @returns the outcome of each, once the transaction is committed.
 * @throws DispatchError UNAVAILABLE when the outcome of the commit is unknown; or the error of the database, and then nothing was
 * changed.
 */
export async function applyBatch(
  database: SqlDatabase,
  calls: readonly WriteCall[],
  waits: boolean,
): Promise<readonly WriteOutcome[]> {
  try {
    return await tryBatch(database, calls, waits);
  } catch (error) {
    if (database.dialect.isLockTimeout(error)) return calls.map(() => HELD);
    throw error;
  }
}

async function tryBatch(
  { db, dialect }: SqlDatabase,
  calls: readonly WriteCall[],
  waits: boolean,
): Promise<readonly WriteOutcome[]> {
  const microgridIds = [...new Set(calls.map(call => call.microgridId))].sort((a, b) => a - b);
  await dialect.addMicrogrids(db, microgridIds);
  // What was committed before the lock was acquired must be visible after it, whatever the default of the database is.
  const transaction = await db.startTransaction().setIsolationLevel('read committed').execute();
  try {
    const locked = await dialect.lockMicrogrids(transaction, microgridIds, waits);
    if (locked.length === 0) return calls.map(() => LOCKED);
    const lockedIds = new Set(locked.map(({ id }) => id));
    const tried = calls.filter(({ microgridId }) => lockedIds.has(microgridId));
    const batch = await readBatch(transaction, dialect, locked, tried);
    const outcomes = calls.map(call => decide(batch, call));
    const { done, hasTaken } = batch.idempotency;
    if (batch.changes.length > 0) await writeBatch(transaction, dialect, batch);
    if (done.length > 0) await writeCompletedRequests(transaction, done);
    if (batch.changes.length > 0 || done.length > 0 || hasTaken) await commit(transaction);
    return outcomes;
  } finally {
    // After a failure, or when nothing has changed. If the rollback fails, the transaction ends with its connection.
    if (!transaction.isCommitted)
      await transaction
        .rollback()
        .execute()
        .catch(() => {});
  }
}

async function commit(transaction: ControlledTransaction<ServiceSchema>): Promise<void> {
  try {
    await transaction.commit().execute();
  } catch (cause) {
    const message = 'the database did not confirm the change: whether it was made is not known';
    throw new DispatchError('UNAVAILABLE', message, { cause });
  }
}

/** Makes the decision of a call on the present state of the batch; or returns the earlier result of a retry. */
function decide(batch: Batch, call: WriteCall): WriteOutcome {
  const microgrid = batch.microgrids.get(call.microgridId);
  if (!microgrid) return LOCKED;
  try {
    const earlier = findEarlierResult(batch.idempotency, call.write, microgrid.nowUs);
    if (earlier) return { applied: { seq: microgrid.seq, dispatch: earlier } };
    const applied = decideAnew(batch, microgrid, call);
    recordResult(batch.idempotency, call.write, applied);
    return { applied };
  } catch (refusal) {
    return { refusal };
  }
}

function decideAnew(batch: Batch, microgrid: ChangingMicrogrid, { microgridId, write }: WriteCall): AppliedWrite {
  const id = write.id ?? batch.freshIds.shift();
  if (id === undefined) throw new Error('the database gave no id');
  const known = batch.after.has(id) ? batch.after.get(id) : batch.before.get(id);
  const old = known?.microgridId === microgridId ? known : null;
  const nowUs = Math.floor(microgrid.nowUs);
  const atUs = Math.max(nowUs, microgrid.lastUs + 1);
  const change = write.decide(old, { id, atUs, nowUs });
  if (!change) return { seq: microgrid.seq, dispatch: old };
  const { kind, dispatch, keepsTarget } = change;
  microgrid.seq += 1;
  microgrid.lastUs = atUs;
  if (!keepsTarget) batch.retargeted.add(id);
  batch.after.set(id, kind === 'deleted' ? null : { microgridId, ...dispatch });
  const logged = { microgridId, seq: microgrid.seq, kind, atUs, id, message: dispatch.message };
  batch.changes.push(logged);
  if (write.author) batch.audit.push(auditEntry(logged, write.author, old));
  return { seq: microgrid.seq, dispatch };
}
