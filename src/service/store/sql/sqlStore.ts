import { setTimeout as pause } from 'node:timers/promises';

import type { DispatchStore, StoreOptions } from '../../domain/dispatchStore.js';
import { observed } from '../../domain/serviceObserver.js';
import { applyBatch } from './applyBatch.js';
import { pruneAudit, readAudit } from './auditLog.js';
import { pruneChanges, readChanges, readCursor } from './changeLog.js';
import { listPages } from './listPages.js';
import type { SqlDatabase } from './sqlDialect.js';
import { deleteExpiredRecords } from './sqlIdempotency.js';
import { writeQueue } from './writeQueue.js';

/** Time that pending writes have to end when the store is closed. */
const CLOSE_GRACE_MS = 2_000;

/** Creates a {@link DispatchStore} in a database, which it closes when it is closed. */
export function sqlStore(database: SqlDatabase, { observer }: Pick<StoreOptions, 'observer'>): DispatchStore {
  const { db } = database;
  const list = listPages(database);
  const listeners = new Set<(microgridIds: readonly number[] | null) => void>();
  const writes = writeQueue(async calls => {
    const outcomes = await applyBatch(database, calls);
    // Some may have changed nothing: an unnecessary wake-up does no harm.
    committed([...new Set(calls.map(call => call.microgridId))]);
    return outcomes;
  });
  database.onChange(wake);

  function committed(microgridIds: readonly number[]): void {
    // Deferred, so that a listener that throws cannot make a committed write look like a failure.
    queueMicrotask(() => wake(microgridIds));
    database.announce(microgridIds);
  }

  function wake(microgridIds: readonly number[] | null): void {
    for (const listener of listeners) listener(microgridIds);
  }

  return {
    name: database.name,
    apply: (microgridId, write) => observed(observer, 'write', () => writes.apply({ microgridId, write })),
    get: (microgridId, id) =>
      observed(observer, 'get', async () => {
        const query = db.selectFrom('dispatch').select(['id', 'message']);
        return (await query.where('id', '=', id).where('microgrid_id', '=', microgridId).executeTakeFirst()) ?? null;
      }),
    list: (...query) => observed(observer, 'list', () => list(...query)),
    count: () =>
      observed(observer, 'count', async () => {
        const query = db.selectFrom('dispatch').select(eb => eb.fn.countAll<number>().as('count'));
        return (await query.executeTakeFirstOrThrow()).count;
      }),
    head: microgridId =>
      observed(observer, 'changes', async () => {
        const query = db.selectFrom('microgrid').select('seq').where('id', '=', microgridId);
        return (await query.executeTakeFirst())?.seq ?? 0;
      }),
    cursor: microgridId => observed(observer, 'changes', () => readCursor(database, microgridId)),
    changes: (cursors, limit) => observed(observer, 'changes', () => readChanges(database, cursors, limit)),
    onWake(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    prune: (beforeUs, limit) => observed(observer, 'prune', () => pruneChanges(database, beforeUs, limit)),
    audit: (...query) => observed(observer, 'audit', () => readAudit(database, ...query)),
    pruneAudit: (beforeUs, limit) => observed(observer, 'prune', () => pruneAudit(database, beforeUs, limit)),
    deleteExpired: (nowUs, limit) => observed(observer, 'prune', () => deleteExpiredRecords(database, nowUs, limit)),
    async close() {
      // Writes that the database delays are abandoned with their connections.
      const late = new AbortController();
      await Promise.race([writes.close(), pause(CLOSE_GRACE_MS, undefined, late).catch(() => {})]);
      late.abort();
      listeners.clear();
      await database.close();
    },
  };
}
