import type { NotificationData } from '../dispatch/notificationData.js';

/** A notification that is to be sent to a receiver. JSON-safe. */
export interface QueuedWebhook {
  /** Identifies it for the receiver, in each attempt. */
  readonly id: string;
  readonly data: NotificationData;
}

/** A change of the queue of a receiver. */
export type WebhookQueueChange =
  | { readonly kind: 'added'; readonly item: QueuedWebhook }
  | { readonly kind: 'removed'; readonly id: string };

/** Names the queue of a receiver. */
export interface WebhookQueueOf {
  readonly microgridId: number;
  /** Different for each receiver; holds no secret. */
  readonly queue: string;
}

/** The port of what keeps queues of webhooks beside the dispatches. */
export interface WebhookStore {
  /** Waits until the store is open for a dispatcher, and reads the items of a queue, oldest first. */
  loadWebhooks(of: WebhookQueueOf): Promise<readonly QueuedWebhook[]>;
  /** Waits likewise, and removes the queues of a microgrid but the named ones. Returns the number of items that were in them. */
  dropWebhooks(options: { readonly microgridId: number; readonly except: readonly string[] }): Promise<number>;
  /**
   * Takes a change of a queue. It is written with the next save of the dispatcher, in its transaction, or within a second. It does not
   * throw: what cannot be written is written later.
   */
  changeWebhooks(of: WebhookQueueOf, change: WebhookQueueChange): void;
}
