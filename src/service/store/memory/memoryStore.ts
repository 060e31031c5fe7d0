import { DispatchError } from '../../../model/dispatchError.js';
import { LOG_START } from '../../../wire/logPosition.js';
import type {
  AppliedWrite,
  ChangeBatch,
  DispatchRow,
  DispatchStore,
  DispatchWrite,
  ListPage,
  LoggedChange,
  StoreOptions,
} from '../../domain/dispatchStore.js';
import type { ListPlace, ListQuery, SortColumn } from '../../domain/listQuery.js';
import { isEntryOf, type LogCursor, positionOf, seqOf } from '../../domain/logCursor.js';
import { observed } from '../../domain/serviceObserver.js';
import { auditEntry } from '../auditEntries.js';
import { cutPage, type SortedItem } from '../cutPage.js';
import { matchesFilter } from './matchesFilter.js';
import { memoryAudit } from './memoryAudit.js';
import { memoryIdempotency } from './memoryIdempotency.js';

interface Microgrid {
  readonly rows: Map<number, DispatchRow>;
  /** Entries `prunedSeq + 1` to `seq`, in order. */
  log: LoggedChange[];
  prunedSeq: number;
  seq: number;
  lastUs: number;
  /** The rows in ascending order by each column that was requested since the last change. */
  readonly sorted: Map<SortColumn, readonly DispatchRow[]>;
  /** The rows of the last filtered list, if nothing has changed since: its next page needs them again. */
  listed: { readonly key: string; readonly rows: readonly DispatchRow[] } | null;
}

/** Creates a {@link DispatchStore} in the memory of this process. */
export function memoryStore({ nowUs = () => Date.now() * 1000, observer }: StoreOptions = {}): DispatchStore {
  const microgrids = new Map<number, Microgrid>();
  const listeners = new Set<(microgridIds: readonly number[] | null) => void>();
  const idempotency = memoryIdempotency();
  const audit = memoryAudit();
  let lastId = 0;
  let closed = false;

  function apply(microgridId: number, write: DispatchWrite): AppliedWrite {
    if (closed) throw new DispatchError('UNAVAILABLE', 'the store is closed');
    const microgrid = microgrids.get(microgridId) ?? newMicrogrid();
    const clockUs = Math.floor(nowUs());
    const earlier = idempotency.findEarlierResult(write, clockUs);
    if (earlier) return { seq: microgrid.seq, dispatch: earlier };
    const applied = decide(microgridId, microgrid, write, clockUs);
    idempotency.recordResult(write, applied);
    return applied;
  }

  function decide(microgridId: number, microgrid: Microgrid, write: DispatchWrite, clockUs: number): AppliedWrite {
    const id = write.id ?? lastId + 1;
    const old = microgrid.rows.get(id) ?? null;
    const atUs = Math.max(clockUs, microgrid.lastUs + 1);
    const change = write.decide(old, { id, atUs, nowUs: clockUs });
    if (!change) return { seq: microgrid.seq, dispatch: old };

    const { kind, dispatch } = change;
    if (kind === 'deleted') microgrid.rows.delete(id);
    else microgrid.rows.set(id, dispatch);
    microgrid.sorted.clear();
    microgrid.listed = null;
    microgrid.seq += 1;
    microgrid.lastUs = atUs;
    const logged = { microgridId, seq: microgrid.seq, kind, atUs, id, message: dispatch.message };
    microgrid.log.push(logged);
    if (write.author) audit.add(auditEntry(logged, write.author, old));
    microgrids.set(microgridId, microgrid);
    lastId = Math.max(lastId, id);
    for (const listener of listeners) listener([microgridId]);
    return { seq: microgrid.seq, dispatch };
  }

  function changes(
    cursors: ReadonlyMap<number, LogCursor>,
    limit: number,
    maxBytes: number = Number.MAX_SAFE_INTEGER,
  ): ChangeBatch {
    const found: LoggedChange[] = [];
    const pruned: number[] = [];
    const behind: { readonly microgridId: number; readonly log: readonly LoggedChange[]; readonly from: number }[] = [];
    for (const [microgridId, cursor] of cursors) {
      const { log, prunedSeq, seq } = microgrids.get(microgridId) ?? newMicrogrid();
      const from = seqOf(cursor) - prunedSeq;
      const isLost = typeof cursor !== 'number' && cursor.seq > 0 && !isEntryOf(cursor, log[from - 1]);
      if (from < 0 || seqOf(cursor) > seq || isLost) pruned.push(microgridId);
      else if (from < log.length) behind.push({ microgridId, log, from });
    }
    const share = Math.max(1, Math.floor(limit / behind.length));
    const partly: number[] = [];
    for (const { microgridId, log, from } of behind.slice(0, limit)) {
      let bytes = 0;
      const page = log.slice(from, from + share).filter(({ message }) => {
        const fits = bytes < maxBytes;
        bytes += message.length;
        return fits;
      });
      found.push(...page);
      if (from + page.length < log.length) partly.push(microgridId);
    }
    const unread = behind.slice(limit).map(({ microgridId }) => microgridId);
    return { changes: found, pruned, more: [...unread, ...partly] };
  }

  function cursor(microgridId: number): LogCursor {
    const { seq, log } = microgrids.get(microgridId) ?? newMicrogrid();
    const last = log.at(-1);
    if (last !== undefined) return positionOf(last);
    return seq === 0 ? LOG_START : seq;
  }

  function prune(beforeUs: number, limit: number): number {
    let count = 0;
    for (const microgrid of microgrids.values()) {
      const { log } = microgrid;
      let dropped = 0;
      // The last entry stays: it is the position from which streams are resumed.
      while (count + dropped < limit && dropped < log.length - 1 && (log[dropped]?.atUs ?? beforeUs) < beforeUs)
        dropped += 1;
      microgrid.log = log.slice(dropped);
      microgrid.prunedSeq += dropped;
      count += dropped;
    }
    return count;
  }

  return {
    name: ':memory:',
    // Nothing else here waits or fails.
    apply: (microgridId, write) => observed(observer, 'write', async () => apply(microgridId, write)),
    get: async (microgridId, id) => microgrids.get(microgridId)?.rows.get(id) ?? null,
    list: async (microgridId, query, place, limit, maxBytes) =>
      listPage(microgrids.get(microgridId) ?? newMicrogrid(), query, place, limit, maxBytes),
    count: async () => [...microgrids.values()].reduce((sum, { rows }) => sum + rows.size, 0),
    head: async microgridId => microgrids.get(microgridId)?.seq ?? 0,
    cursor: async microgridId => cursor(microgridId),
    changes: async (...logs) => changes(...logs),
    onWake(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    prune: async (beforeUs, limit) => prune(beforeUs, limit),
    audit: (...query) => audit.page(...query),
    pruneAudit: async (beforeUs, limit) => audit.prune(beforeUs, limit),
    deleteExpired: async (nowUs, limit) => idempotency.deleteExpired(nowUs, limit),
    check: async () => {},
    async close() {
      closed = true;
      listeners.clear();
      microgrids.clear();
    },
  };
}

function newMicrogrid(): Microgrid {
  return { rows: new Map(), log: [], prunedSeq: 0, seq: 0, lastUs: 0, sorted: new Map(), listed: null };
}

function listPage(
  microgrid: Microgrid,
  query: ListQuery,
  place: ListPlace | null,
  limit: number,
  maxBytes: number,
): ListPage {
  const { sort } = query;
  const rows = listedRows(microgrid, query);
  return cutPage(itemsFrom(rows, sort, place), limit, maxBytes, place?.total ?? rows.length);
}

function* itemsFrom(
  rows: readonly DispatchRow[],
  sort: ListQuery['sort'],
  place: ListPlace | null,
): Iterable<SortedItem> {
  const step = sort.descending ? -1 : 1;
  for (let index = firstIndex(rows, sort, place); index >= 0 && index < rows.length; index += step) {
    const row = rows[index] as DispatchRow;
    yield { value: row[sort.column], dispatch: row };
  }
}

/** The rows that match the filter, in ascending order. */
function listedRows(microgrid: Microgrid, { filter, sort }: ListQuery): readonly DispatchRow[] {
  const rows = sortedRows(microgrid, sort.column);
  const matches = matchesFilter(filter);
  if (!matches) return rows;
  const key = JSON.stringify([filter, sort.column]);
  if (microgrid.listed?.key !== key) microgrid.listed = { key, rows: rows.filter(matches) };
  return microgrid.listed.rows;
}

function sortedRows(microgrid: Microgrid, column: SortColumn): readonly DispatchRow[] {
  let rows = microgrid.sorted.get(column);
  if (!rows) {
    rows = [...microgrid.rows.values()].sort((a, b) => a[column] - b[column] || a.id - b.id);
    microgrid.sorted.set(column, rows);
  }
  return rows;
}

/** The index of the first row after the position, in the direction of the sort; out of range when there is none. */
function firstIndex(rows: readonly DispatchRow[], { column, descending }: ListQuery['sort'], place: ListPlace | null) {
  if (!place) return descending ? rows.length - 1 : 0;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle] as DispatchRow;
    const order = row[column] - place.value || row.id - place.id;
    if (order < 0 || (order === 0 && !descending)) low = middle + 1;
    else high = middle;
  }
  return descending ? low - 1 : low;
}
