import { CompiledQuery, type Kysely, type Transaction } from 'kysely';

import type { QueuedWebhook, WebhookQueueChange, WebhookQueueOf } from '../../machines/protocol/webhookStore.js';
import type { StoreSchema } from './storeSchema.js';

interface Change {
  readonly of: WebhookQueueOf;
  readonly change: WebhookQueueChange;
}

/** Changes of the queues of webhooks that are not written yet. What was added and removed since the last write is none. */
export class WebhookChanges {
  #changes = new Map<string, Change>();

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  add(of: WebhookQueueOf, change: WebhookQueueChange): void {
    const id = idOf(change);
    const isUndone = change.kind === 'removed' && this.#changes.get(id)?.change.kind === 'added';
    if (isUndone) this.#changes.delete(id);
    else this.#changes.set(id, { of, change });
  }

  /** Takes the changes to write them. */
  take(): readonly Change[] {
    const changes = [...this.#changes.values()];
    this.#changes.clear();
    return changes;
  }

  /** Takes back changes that were not written. */
  putBack(changes: readonly Change[]): void {
    const newer = this.#changes;
    this.#changes = new Map();
    for (const { of, change } of [...changes, ...newer.values()]) this.add(of, change);
  }
}

/** Reads the items of a queue, oldest first. */
export async function readWebhooks(
  db: Kysely<StoreSchema>,
  { microgridId, queue }: WebhookQueueOf,
): Promise<QueuedWebhook[]> {
  const query = db.selectFrom('webhook').select(['id', 'data']).where('microgrid_id', '=', microgridId);
  const rows = await query.where('queue', '=', queue).orderBy('n').execute();
  return rows.map(({ id, data }) => ({ id, data: JSON.parse(data) }));
}

/** Deletes the queues of a microgrid but the named ones. Returns the number of their items. */
export async function deleteWebhooks(
  db: Kysely<StoreSchema>,
  { microgridId, except }: { readonly microgridId: number; readonly except: readonly string[] },
): Promise<number> {
  const others = db.deleteFrom('webhook').where('microgrid_id', '=', microgridId).where('queue', 'not in', except);
  const { numDeletedRows } = await others.executeTakeFirst();
  return Number(numDeletedRows);
}

/** Writes changes of queues. */
export async function writeWebhooks(db: Transaction<StoreSchema>, changes: readonly Change[]): Promise<void> {
  for (const { of, change } of changes) {
    if (change.kind === 'removed') {
      await db.executeQuery(CompiledQuery.raw('DELETE FROM webhook WHERE id = ?', [change.id]));
      continue;
    }
    const { id, data } = change.item;
    const values = [of.microgridId, of.queue, id, JSON.stringify(data)];
    const insert = 'INSERT INTO webhook (microgrid_id, queue, id, data) VALUES (?, ?, ?, ?)';
    await db.executeQuery(CompiledQuery.raw(insert, values));
  }
}

function idOf(change: WebhookQueueChange): string {
  return change.kind === 'added' ? change.item.id : change.id;
}
