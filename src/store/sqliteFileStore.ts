import { sql } from 'kysely';

import type { DispatcherStore, OpenedStore, StoredPage, StoreSave } from '../../machines/protocol/dispatcherStore.js';
import type {
  QueuedWebhook,
  WebhookQueueChange,
  WebhookQueueOf,
  WebhookStore,
} from '../../machines/protocol/webhookStore.js';
import { DispatchError } from '../model/dispatchError.js';
import { openSqlite, type SqliteFile } from '../sqlite/openSqlite.js';
import type { CheckedLimits } from './historyLimits.js';
import { HistoryWriter } from './historyWriter.js';
import { readRows, writeRows } from './storedRows.js';
import { storeError } from './storeError.js';
import { type StoreSchema, storeFileKind } from './storeSchema.js';
import { deleteWebhooks, readWebhooks, WebhookChanges, writeWebhooks } from './webhookChanges.js';

/** Maximum number of files that are tried until one can be used. */
const maxCandidates = 10;

const pageSize = 500;

/** How long changes of queues wait for a save, in milliseconds. */
const webhookDelayMs = 1_000;

interface OpenFile extends SqliteFile<StoreSchema> {
  /** The problems of the files before it, which were left unchanged. */
  readonly problems: readonly DispatchError[];
}

/** The store of {@link sqliteStore}, with the packages for SQLite. */
export class SqliteFileStore implements DispatcherStore, WebhookStore {
  readonly #path: string;
  readonly #history: CheckedLimits | null;
  readonly #microgrids = new Set<number>();
  readonly #webhooks = new WebhookChanges();
  /** Those that wait for the file to be opened. */
  readonly #waiting: { resolve(file: OpenFile): void; reject(error: unknown): void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #file: Promise<OpenFile> | null = null;

  /** @param history Limits of the history; null: none is kept. */
  constructor(path: string, history: CheckedLimits | null) {
    this.#path = path;
    this.#history = history;
  }

  async open({ microgridId }: { microgridId: number }): Promise<OpenedStore> {
    this.#microgrids.add(microgridId);
    this.#file ??= this.#openFile();
    const { db, path } = await this.#file;
    try {
      const row = await db.selectFrom('microgrid').selectAll().where('id', '=', microgridId).executeTakeFirst();
      const { synced, log_position: log = null, latest_ms: latestMs = null } = row ?? {};
      return { synced: synced === 1, position: log === null || latestMs === null ? null : { log, latestMs } };
    } catch (error) {
      throw storeError(error, path);
    }
  }

  async *load({ microgridId }: { microgridId: number }): AsyncGenerator<StoredPage> {
    const { db, path, problems } = await this.#opened();
    if (problems.length > 0) yield { dispatches: [], problems };
    const page = db.selectFrom('dispatch').select(['id', 'stored']).where('microgrid_id', '=', microgridId);
    try {
      let afterId = Number.MIN_SAFE_INTEGER;
      for (;;) {
        const rows = await page.where('id', '>', afterId).orderBy('id').limit(pageSize).execute();
        yield readRows(rows, path, microgridId);
        if (rows.length < pageSize) return;
        afterId = rows.at(-1)?.id ?? afterId;
      }
    } catch (error) {
      throw storeError(error, path);
    }
  }

  async save({ microgridId, replacesAll, synced, position, changes }: StoreSave): Promise<void> {
    const { db, path } = await this.#opened();
    const { log = null, latestMs = null } = position ?? {};
    const row = { id: microgridId, synced: synced ? 1 : 0, log_position: log, latest_ms: latestMs };
    let webhooks: ReturnType<WebhookChanges['take']> = [];
    try {
      await db.transaction().execute(async transaction => {
        // With a literal there is no parameter, so that the deletion runs on another thread.
        const all = transaction.deleteFrom('dispatch').where('microgrid_id', '=', sql.lit(microgridId));
        if (replacesAll) await all.execute();
        await transaction
          .insertInto('microgrid')
          .values(row)
          .onConflict(known => known.doUpdateSet(row))
          .execute();
        const history = this.#history && new HistoryWriter(transaction, microgridId, this.#history);
        for await (const slice of changes) {
          await writeRows(transaction, microgridId, slice);
          await history?.write(slice.flatMap(change => (change.kind === 'noted' ? change.notification : [])));
        }
        await history?.end();
        // Last: a webhook that was queued for one of the changes is among them.
        webhooks = this.#webhooks.take();
        await writeWebhooks(transaction, webhooks);
      });
    } catch (error) {
      this.#webhooks.putBack(webhooks);
      throw storeError(error, path);
    }
  }

  async loadWebhooks(of: WebhookQueueOf): Promise<QueuedWebhook[]> {
    const { db, path } = await this.#whenOpen();
    return readWebhooks(db, of).catch(error => {
      throw storeError(error, path);
    });
  }

  async dropWebhooks(queues: { readonly microgridId: number; readonly except: readonly string[] }): Promise<number> {
    const { db, path } = await this.#whenOpen();
    return deleteWebhooks(db, queues).catch(error => {
      throw storeError(error, path);
    });
  }

  changeWebhooks(of: WebhookQueueOf, change: WebhookQueueChange): void {
    this.#webhooks.add(of, change);
    this.#writeWebhooksLater();
  }

  async close({ microgridId }: { microgridId: number }): Promise<void> {
    if (!this.#microgrids.delete(microgridId) || this.#microgrids.size > 0 || this.#file === null) return;
    const closing = this.#file;
    this.#file = null;
    const file = await closing;
    try {
      await this.#writeWebhooks(file);
    } finally {
      await file.close();
    }
  }

  async #openFile(): Promise<OpenFile> {
    const waiting = this.#waiting.splice(0);
    try {
      const file = await openFile(this.#path);
      for (const { resolve } of waiting) resolve(file);
      return file;
    } catch (error) {
      this.#microgrids.clear();
      this.#file = null;
      for (const { reject } of waiting) reject(error);
      throw error;
    }
  }

  /** Without a change of the dispatches no save would come. */
  #writeWebhooksLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(async () => {
      this.#timer = undefined;
      if (this.#webhooks.isEmpty || this.#file === null) return;
      // A file that cannot be written fails the saves of the dispatcher, too, which reports it.
      await this.#file.then(file => this.#writeWebhooks(file)).catch(() => this.#writeWebhooksLater());
    }, webhookDelayMs).unref();
  }

  async #writeWebhooks({ db, path }: OpenFile): Promise<void> {
    const webhooks = this.#webhooks.take();
    if (webhooks.length === 0) return;
    try {
      await db.transaction().execute(transaction => writeWebhooks(transaction, webhooks));
    } catch (error) {
      this.#webhooks.putBack(webhooks);
      throw storeError(error, path);
    }
  }

  /** The open file, or the next one that is opened. @throws what opening it throws, unless it is in use. */
  async #whenOpen(): Promise<OpenFile> {
    for (;;) {
      const file = this.#file ?? new Promise<OpenFile>((resolve, reject) => this.#waiting.push({ resolve, reject }));
      try {
        return await file;
      } catch (error) {
        if (!(error instanceof DispatchError) || error.code !== 'UNAVAILABLE') throw error;
      }
    }
  }

  async #opened(): Promise<OpenFile> {
    if (this.#file !== null) return this.#file;
    throw new DispatchError('FAILED_PRECONDITION', `${this.#path} is not open`);
  }
}

/** Opens the file, or the first one beside it that can be used. */
async function openFile(path: string): Promise<OpenFile> {
  const problems: DispatchError[] = [];
  for (let i = 0; i < maxCandidates; i++) {
    try {
      const file = await openSqlite<StoreSchema>(i === 0 ? path : `${path}.${i}`, storeFileKind);
      return { ...file, problems };
    } catch (error) {
      // A file that is in use, or cannot be opened, is not replaced.
      if (!(error instanceof DispatchError) || error.code === 'UNAVAILABLE' || error.code === 'INTERNAL') throw error;
      const message = `${error.message}; it is left unchanged, and ${path}.${i + 1} is used instead`;
      problems.push(new DispatchError('DATA_LOSS', message, { cause: error }));
    }
  }
  const message = `neither ${path} nor any of ${maxCandidates - 1} files beside it can be used; remove some`;
  throw new DispatchError('FAILED_PRECONDITION', message, { cause: problems[0] });
}
