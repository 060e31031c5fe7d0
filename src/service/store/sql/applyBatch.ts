import type { ControlledTransaction } from 'kysely';

import { DispatchError } from '../../../model/dispatchError.js';
import type { AppliedWrite } from '../../domain/dispatchStore.js';
import type { ServiceSchema } from './schema.js';
import type { SqlDatabase } from './sqlDialect.js';
import { findEarlierResult, recordResult, writeCompletedRequests } from './sqlIdempotency.js';
import { type Batch, type LockedMicrogrid, lockBatch, type WriteCall, writeBatch } from './writeBatch.js';

/** What became of a call: either it was applied, or its own decision refused it. */
export type WriteOutcome = { readonly applied: AppliedWrite } | { readonly refusal: unknown };

/**
 * Applies writes in one transaction, in this order, so that many wait for the disk once. Decisions are made in the process
 * and see what those before them left; the database gets what they come to in a few statements.
 *
 * @returns what became of each, once it is committed.
 * @throws DispatchError UNAVAILABLE when the answer to the commit is lost, and so the outcome; or what the database threw,
 * and then nothing was changed.
 */
export async function applyBatch(
  { db, dialect }: SqlDatabase,
  calls: readonly WriteCall[],
): Promise<readonly WriteOutcome[]> {
  // What was committed before the lock was had must be seen after it, whatever the database's default is.
  const transaction = await db.startTransaction().setIsolationLevel('read committed').execute();
  try {
    const batch = await lockBatch(transaction, dialect, calls);
    const outcomes = calls.map(call => decide(batch, call));
    const { done, hasTaken } = batch.idempotency;
    if (batch.changes.length > 0) await writeBatch(transaction, dialect, batch);
    if (done.length > 0) await writeCompletedRequests(transaction, done);
    if (batch.changes.length > 0 || done.length > 0 || hasTaken) await commit(transaction);
    return outcomes;
  } finally {
    // What failed, and what changed nothing. When it cannot be rolled back it ends with its connection.
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

/** Lets a call decide on what the batch has come to, and adds what it decides; or gives the answer it had before. */
function decide(batch: Batch, call: WriteCall): WriteOutcome {
  const microgrid = batch.microgrids.get(call.microgridId);
  if (!microgrid) throw new Error('the database gave no lock');
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

function decideAnew(batch: Batch, microgrid: LockedMicrogrid, { microgridId, write }: WriteCall): AppliedWrite {
  const id = write.id ?? batch.freshIds.shift();
  if (id === undefined) throw new Error('the database gave no id');
  const known = batch.after.has(id) ? batch.after.get(id) : batch.before.get(id);
  const old = known?.microgridId === microgridId ? known : null;
  const atUs = Math.max(Math.floor(microgrid.nowUs), microgrid.lastUs + 1);
  const change = write.decide(old, { id, atUs });
  if (!change) return { seq: microgrid.seq, dispatch: old };
  const { kind, dispatch } = change;
  microgrid.seq += 1;
  microgrid.lastUs = atUs;
  batch.after.set(id, kind === 'deleted' ? null : { microgridId, ...dispatch });
  batch.changes.push({ microgridId, seq: microgrid.seq, kind, atUs, id, message: dispatch.message });
  return { seq: microgrid.seq, dispatch };
}
