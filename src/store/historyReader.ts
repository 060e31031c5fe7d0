import { setTimeout } from 'node:timers/promises';

import type { NotificationData } from '../../machines/dispatch/notificationData.js';
import { DispatchError } from '../model/dispatchError.js';
import { readSqlite, type SqliteReader } from '../sqlite/readSqlite.js';
import type { FollowHistoryOptions, HistoryEntry, HistoryFilter, HistoryOptions } from './readHistory.js';
import { storeError } from './storeError.js';
import { historyVersion, type StoreSchema, storeFileKind } from './storeSchema.js';

const pageSize = 500;

/** Interval at which a file is read again, in milliseconds. */
const followIntervalMs = 500;

type File = SqliteReader<StoreSchema>;

/** `readHistory`, with the packages for SQLite. */
export async function* readEntries(path: string, options: HistoryOptions): AsyncGenerator<HistoryEntry> {
  const { oldestFirst = false, ...filter } = options;
  await using file = await open(path);
  if ((await file.version()) < historyVersion) return;
  const direction = oldestFirst ? 'asc' : 'desc';
  let seq = oldestFirst ? -1 : Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = await readPage(file, filter, { direction, seq });
    yield* page;
    if (page.length < pageSize) return;
    seq = page.at(-1)?.seq ?? seq;
  }
}

/** `followHistory`, with the packages for SQLite. */
export async function* followEntries(path: string, options: FollowHistoryOptions): AsyncGenerator<HistoryEntry> {
  const { afterSeq, signal, ...filter } = options;
  let seq = afterSeq;
  for (;;) {
    signal?.throwIfAborted();
    const page = await readNext(path, filter, seq);
    yield* page.entries;
    seq = page.seq;
    if (page.entries.length < pageSize) {
      await setTimeout(followIntervalMs, undefined, { signal }).catch(throwReason(signal));
    }
  }
}

/** Reads the entries after `seq`; undefined: none, but what the last one is. The file is opened anew, because it may be another one by now. */
async function readNext(path: string, filter: HistoryFilter, seq: number | undefined) {
  await using file = await open(path);
  const isThere = (await file.version()) >= historyVersion;
  const last = isThere ? await lastSeq(file) : 0;
  if (seq === undefined || !isThere) return { entries: [], seq: seq ?? last };
  const entries = await readPage(file, filter, { direction: 'asc', seq });
  const lastRead = entries.at(-1)?.seq ?? seq;
  // What the filter left out is not looked at again.
  return { entries, seq: entries.length < pageSize ? Math.max(last, lastRead) : lastRead };
}

async function open(path: string): Promise<File & AsyncDisposable> {
  const file = await readSqlite<StoreSchema>(path, storeFileKind);
  return { ...file, [Symbol.asyncDispose]: () => file.close() };
}

async function lastSeq(file: File): Promise<number> {
  const row = await file.db
    .selectFrom('history')
    .select(({ fn }) => fn.max<number | null>('seq').as('seq'))
    .executeTakeFirst();
  return row?.seq ?? 0;
}

async function readPage(
  { db, path }: File,
  { microgridId, ids, types, notifications, from, to }: HistoryFilter,
  { direction, seq }: { readonly direction: 'asc' | 'desc'; readonly seq: number },
): Promise<HistoryEntry[]> {
  let query = db.selectFrom('history').select(['seq', 'microgrid_id', 'data']);
  if (microgridId !== undefined) query = query.where('microgrid_id', '=', microgridId);
  if (ids !== undefined) query = query.where('dispatch_id', 'in', ids);
  if (types !== undefined) query = query.where('type', 'in', types);
  if (notifications !== undefined) query = query.where('notification', 'in', notifications);
  if (from !== undefined) query = query.where('noticed_ms', '>=', from.getTime());
  if (to !== undefined) query = query.where('noticed_ms', '<', to.getTime());
  const page = query
    .where('seq', direction === 'asc' ? '>' : '<', seq)
    .orderBy('seq', direction)
    .limit(pageSize);
  try {
    const rows = await page.execute();
    return rows.map(row => readEntry(row, path));
  } catch (error) {
    throw storeError(error, path);
  }
}

function readEntry(row: { seq: number; microgrid_id: number; data: string }, path: string): HistoryEntry {
  try {
    const data: NotificationData = JSON.parse(row.data);
    return { seq: row.seq, microgridId: row.microgrid_id, ...data };
  } catch (cause) {
    throw new DispatchError('DATA_LOSS', `entry ${row.seq} of the history of ${path} cannot be read`, { cause });
  }
}

/** The error of an aborted timer has the reason of the signal as its cause only. */
function throwReason(signal: AbortSignal | undefined): () => void {
  return () => signal?.throwIfAborted();
}
