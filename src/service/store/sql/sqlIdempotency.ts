import type { Transaction } from 'kysely';

import type { AppliedWrite, DispatchWrite, StoredDispatch } from '../../domain/dispatchStore.js';
import { type CompletedRequest, earlierResult, reusedNonce } from '../completedRequest.js';
import { insertionInto } from './insertRows.js';
import type { ServiceSchema } from './schema.js';
import type { SqlDatabase } from './sqlDialect.js';

/** Nonces and requests of the writes of a transaction. */
export interface BatchIdempotency {
  /** Nonces that the transaction uses; each is for one write. */
  readonly nonces: Set<string>;
  /** Completed requests, by id. */
  readonly requests: Map<string, CompletedRequest>;
  /** Those that the transaction has completed itself. */
  readonly done: CompletedRequest[];
  /** Whether the transaction uses nonces, which stay used even when all its writes are refused. */
  readonly hasTaken: boolean;
}

/** Uses the nonces of writes, and reads completed requests. Without either it makes no query. */
export async function readIdempotency(
  transaction: Transaction<ServiceSchema>,
  writes: readonly DispatchWrite[],
): Promise<BatchIdempotency> {
  const nonces = await takeNonces(transaction, writes);
  const requests = await findRequests(
    transaction,
    writes.flatMap(({ idempotencyKey }) => idempotencyKey?.id ?? []),
  );
  return { nonces, requests, done: [], hasTaken: nonces.size > 0 };
}

/** Returns the result of a write that was made before, otherwise null. Throws as `MemoryIdempotency.findEarlierResult`. */
export function findEarlierResult(
  { nonces, requests }: BatchIdempotency,
  { nonce, idempotencyKey }: DispatchWrite,
  nowUs: number,
): StoredDispatch | null {
  if (nonce && !nonces.delete(nonce.id)) throw reusedNonce();
  return idempotencyKey ? earlierResult(requests.get(idempotencyKey.id), idempotencyKey, nowUs) : null;
}

/** Stores the result of a write with an idempotency key. */
export function recordResult(
  { requests, done }: BatchIdempotency,
  write: DispatchWrite,
  { dispatch }: AppliedWrite,
): void {
  if (!write.idempotencyKey || !dispatch) return;
  const completed = { ...write.idempotencyKey, dispatch };
  requests.set(completed.id, completed);
  done.push(completed);
}

const putRequests = insertionInto('request', insertion =>
  insertion.onConflict(conflict =>
    conflict.column('id').doUpdateSet(eb => ({
      hash: eb.ref('excluded.hash'),
      dispatch_id: eb.ref('excluded.dispatch_id'),
      message: eb.ref('excluded.message'),
      until_us: eb.ref('excluded.until_us'),
    })),
  ),
);

/** Stores completed requests. An existing row has expired. */
export async function writeCompletedRequests(
  transaction: Transaction<ServiceSchema>,
  done: readonly CompletedRequest[],
): Promise<void> {
  await putRequests(
    transaction,
    done.map(({ id, hash, dispatch, untilUs }) => ({
      id,
      hash,
      dispatch_id: dispatch.id,
      message: dispatch.message,
      until_us: untilUs,
    })),
  );
}

/** Deletes expired nonces and requests; see `DispatchStore.deleteExpired`. */
export async function deleteExpiredRecords({ db }: SqlDatabase, nowUs: number, limit: number): Promise<number> {
  let count = 0;
  for (const table of ['nonce', 'request'] as const) {
    const over = db.selectFrom(table).select('id').where('until_us', '<', nowUs).orderBy('until_us');
    const query = db.deleteFrom(table).where('id', 'in', over.limit(limit - count));
    count += Number((await query.executeTakeFirst()).numDeletedRows);
  }
  return count;
}

async function takeNonces(
  transaction: Transaction<ServiceSchema>,
  writes: readonly DispatchWrite[],
): Promise<Set<string>> {
  const nonces = new Map(writes.flatMap(({ nonce }) => (nonce ? [[nonce.id, nonce.untilUs] as const] : [])));
  if (nonces.size === 0) return new Set();
  const taken = await transaction
    .insertInto('nonce')
    // In one order, so that transactions cannot deadlock when the same nonces are sent twice.
    .values([...nonces].sort().map(([id, untilUs]) => ({ id, until_us: untilUs })))
    .onConflict(conflict => conflict.column('id').doNothing())
    .returning('id')
    .execute();
  return new Set(taken.map(({ id }) => id));
}

async function findRequests(
  transaction: Transaction<ServiceSchema>,
  ids: readonly string[],
): Promise<Map<string, CompletedRequest>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction.selectFrom('request').selectAll().where('id', 'in', ids).execute();
  return new Map(
    rows.map(({ id, hash, dispatch_id, message, until_us }) => [
      id,
      { id, hash, dispatch: { id: dispatch_id, message }, untilUs: until_us },
    ]),
  );
}
