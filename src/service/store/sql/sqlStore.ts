import { setTimeout as pause } from 'node:timers/promises';

import type { DispatchStore, StoreOptions } from '../../domain/dispatchStore.js';
import { observed } from '../../domain/serviceObserver.js';
import { readTogether } from '../readTogether.js';
import { applyBatch, isSkipped } from './applyBatch.js';
import { pruneAudit, readAudit } from './auditLog.js';
import { pruneChanges, readChanges, readCursors } from './changeLog.js';
import { listPage } from './listPage.js';
import type { SqlDatabase } from './sqlDialect.js';
import { deleteExpiredRecords } from './sqlIdempotency.js';
import { writeHealth } from './writeHealth.js';
import { writeLanes } from './writeLanes.js';

/** Time that pending writes have to end when the store is closed. */
const CLOSE_GRACE_MS = 2_000;
/** Maximum number of logs whose cursors are read by one statement. */
const MAX_CURSORS = 1_000;

/** Creates a {@link DispatchStore} in a database, which it closes when it is closed. */
export function sqlStore(database: SqlDatabase, { observer }: Pick<StoreOptions, 'observer'>): DispatchStore {
  const { reads, log: logged, upkeep } = database;
  // Compiling it takes as long as executing it.
  const byIds = reads
    .selectFrom('dispatch')
    .select(['id', 'message'])
    .where('id', '=', 0)
    .where('microgrid_id', '=', 0)
    .compile();
  const log = { ...database, db: logged };
  const cursor = readTogether((microgridIds: readonly number[]) => readCursors(log, microgridIds), MAX_CURSORS);
  const health = writeHealth(database);
  const listeners = new Set<(microgridIds: readonly number[] | null) => void>();
  const writes = writeLanes(async (calls, waits) => {
    const outcomes = await health.watch(() => applyBatch(database, calls, waits));
    // Some may have changed nothing: an unnecessary wake-up does no harm.
    const tried = calls.filter((_, index) => !isSkipped(outcomes[index]));
    if (tried.length > 0) committed([...new Set(tried.map(call => call.microgridId))]);
    return outcomes;
  }, database.dialect.maxWriters);
  database.onChange(wake);

  function committed(microgridIds: readonly number[]): void {
    // Deferred, so that a listener that throws cannot make a committed write look like a failure.
    queueMicrotask(() => wake(microgridIds));
    database.announce(microgridIds);
  }

  function wake(microgridIds: readonly number[] | null): void {
    for (const listener of listeners) listener(microgridIds);
  }

  function prune(remove: typeof pruneChanges, what: [beforeUs: number, limit: number]): Promise<number> {
    return observed(observer, 'prune', () =>
      database.dialect.deleteAlone(upkeep, transaction => remove({ ...database, db: transaction }, ...what)),
    );
  }

  return {
    name: database.name,
    apply: (microgridId, write) => observed(observer, 'write', () => writes.apply({ microgridId, write })),
    get: (microgridId, id) =>
      observed(observer, 'get', async () => {
        return (await database.find({ ...byIds, parameters: [id, microgridId] })) ?? null;
      }),
    list: (...query) => observed(observer, 'list', () => listPage({ ...database, db: reads }, ...query)),
    count: () =>
      observed(observer, 'count', async () => {
        const query = upkeep.selectFrom('dispatch').select(eb => eb.fn.countAll<number>().as('count'));
        return (await query.executeTakeFirstOrThrow()).count;
      }),
    head: microgridId =>
      observed(observer, 'changes', async () => {
        const query = logged.selectFrom('microgrid').select('seq').where('id', '=', microgridId);
        return (await query.executeTakeFirst())?.seq ?? 0;
      }),
    cursor: microgridId => observed(observer, 'changes', () => cursor(microgridId)),
    changes: (...logs) => observed(observer, 'changes', () => readChanges(log, ...logs)),
    onWake(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    audit: (...query) => observed(observer, 'audit', () => readAudit({ ...database, db: reads }, ...query)),
    prune: (...what) => prune(pruneChanges, what),
    pruneAudit: (...what) => prune(pruneAudit, what),
    deleteExpired: (...what) => prune(deleteExpiredRecords, what),
    check: () => observed(observer, 'check', health.check),
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
