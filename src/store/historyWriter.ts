import { CompiledQuery, sql, type Transaction } from 'kysely';

import { notificationData } from '../../machines/dispatch/notificationData.js';
import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import type { CheckedLimits } from './historyLimits.js';
import type { StoreSchema } from './storeSchema.js';

/** What an entry takes beside its data, in bytes. */
const overheadBytes = 64;

/** Writes the entries of one save to the history, in its transaction. */
export class HistoryWriter {
  readonly #db: Transaction<StoreSchema>;
  readonly #microgridId: number;
  readonly #limits: CheckedLimits;
  /** The last entry; null: nothing was written yet. */
  #last: { seq: number; noticedMs: number } | null = null;

  constructor(db: Transaction<StoreSchema>, microgridId: number, limits: CheckedLimits) {
    this.#db = db;
    this.#microgridId = microgridId;
    this.#limits = limits;
  }

  async write(notifications: readonly RunNotification[]): Promise<void> {
    if (notifications.length === 0) return;
    const last = this.#last ?? { seq: await this.#lastSeq(), noticedMs: 0 };
    this.#last = last;
    const values = notifications.flatMap(notification => {
      const { type, dispatch, atMs, lateMs } = notification;
      const data = JSON.stringify(notificationData(notification));
      last.seq += Buffer.byteLength(data) + overheadBytes;
      last.noticedMs = atMs + lateMs;
      return [last.seq, this.#microgridId, dispatch.id, dispatch.type, type, last.noticedMs, data];
    });
    // As raw SQL: the query builder would create thousands of objects for each slice.
    const rows = notifications.map(() => '(?, ?, ?, ?, ?, ?, ?)').join();
    const columns = 'seq, microgrid_id, dispatch_id, type, notification, noticed_ms, data';
    await this.#db.executeQuery(CompiledQuery.raw(`INSERT INTO history (${columns}) VALUES ${rows}`, values));
  }

  /** Deletes what exceeds the limits, but never the last entry: the next one counts from it. */
  async end(): Promise<void> {
    if (this.#last === null) return;
    const { maxAgeMs, maxBytes } = this.#limits;
    const { seq, noticedMs } = this.#last;
    // With literals there is no parameter, so that it runs on another thread. It reads only what it deletes, and one entry more.
    const oldest = sql`SELECT seq FROM history WHERE noticed_ms > ${sql.lit(noticedMs - maxAgeMs)} ORDER BY seq LIMIT 1`;
    const first = sql.lit(seq - maxBytes + 1);
    await sql`DELETE FROM history WHERE seq < max(${first}, (${oldest}))`.execute(this.#db);
  }

  async #lastSeq(): Promise<number> {
    const row = await this.#db
      .selectFrom('history')
      .select(({ fn }) => fn.max<number | null>('seq').as('seq'))
      .executeTakeFirst();
    return row?.seq ?? 0;
  }
}
