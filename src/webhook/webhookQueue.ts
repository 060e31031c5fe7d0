import { randomUUID } from 'node:crypto';

import { isOver } from '../../machines/dispatch/dispatchPlan.js';
import type { NotificationData } from '../../machines/dispatch/notificationData.js';
import type { QueuedWebhook, WebhookQueueChange } from '../../machines/protocol/webhookStore.js';

/** Options of {@link WebhookQueue}. */
export interface WebhookQueueOptions {
  /** Number of items above which those of one dispatch are coalesced. */
  readonly limit: number;
  readonly onChange: (change: WebhookQueueChange) => void;
}

/** A start is told for so long after it was announced, in milliseconds, also when the run has ended as planned by then. */
const startGraceMs = 1_000;

/**
 * The notifications that wait to be sent, in order per dispatch. One of a dispatch is taken at a time; the next one when it is done.
 *
 * Above its limit a new state of a dispatch replaces those that wait, so that it holds at most two items per dispatch beyond the limit: its
 * last state, and its last missed runs.
 */
export class WebhookQueue {
  readonly #options: WebhookQueueOptions;
  /** Items by dispatch; the first one may be taken. */
  readonly #lanes = new Map<number, QueuedWebhook[]>();
  /** Dispatches whose first item can be taken, in turn. */
  readonly #ready = new Set<number>();
  /** Dispatches whose first item is taken. */
  readonly #taken = new Set<number>();
  #size = 0;
  #coalesced = 0;
  #dropped = 0;

  constructor(options: WebhookQueueOptions) {
    this.#options = options;
  }

  /** Number of items, taken ones included. */
  get size(): number {
    return this.#size;
  }

  /** Number of items that a newer one of the same dispatch replaced. */
  get coalesced(): number {
    return this.#coalesced;
  }

  /** Number of starts that were not taken because their run was over. */
  get dropped(): number {
    return this.#dropped;
  }

  add(data: NotificationData): void {
    if (this.#size >= this.#options.limit) this.#coalesce(data);
    const item = { id: `msg_${randomUUID()}`, data };
    this.#options.onChange({ kind: 'added', item });
    this.#append(item);
  }

  /** Puts the items of an earlier queue before all others. */
  restore(items: readonly QueuedWebhook[]): void {
    const present = [...this.#lanes.values()].flat();
    this.#lanes.clear();
    this.#ready.clear();
    this.#size = 0;
    // What has come meanwhile may be in the store already.
    const all = new Map([...items, ...present].map(item => [item.id, item]));
    for (const item of all.values()) this.#append(item);
  }

  /** Takes an item to send it; undefined when none can be taken. Starts of runs that are over are dropped. */
  take(nowMs: number): QueuedWebhook | undefined {
    for (const dispatchId of this.#ready) {
      this.#ready.delete(dispatchId);
      const lane = this.#lanes.get(dispatchId) ?? [];
      while (lane[0] !== undefined && isStartOver(lane, nowMs)) {
        this.#dropped += 1;
        this.#remove(lane, lane[0]);
      }
      const [item] = lane;
      if (item === undefined) {
        this.#lanes.delete(dispatchId);
        continue;
      }
      this.#taken.add(dispatchId);
      return item;
    }
    return undefined;
  }

  /** A taken item was sent. */
  done({ id, data }: QueuedWebhook): void {
    const lane = this.#lanes.get(data.id) ?? [];
    const item = lane.find(one => one.id === id);
    if (item !== undefined) this.#remove(lane, item);
    this.putBack(data.id);
  }

  /** What was taken of a dispatch can be taken again. */
  putBack(dispatchId: number): void {
    this.#taken.delete(dispatchId);
    const lane = this.#lanes.get(dispatchId);
    if (lane === undefined) return;
    if (lane.length > 0) this.#ready.add(dispatchId);
    else this.#lanes.delete(dispatchId);
  }

  clear(): void {
    for (const lane of this.#lanes.values()) for (const item of [...lane]) this.#remove(lane, item);
    this.#lanes.clear();
    this.#ready.clear();
  }

  #append(item: QueuedWebhook): void {
    const { id } = item.data;
    const lane = this.#lanes.get(id);
    if (lane === undefined) this.#lanes.set(id, [item]);
    else lane.push(item);
    this.#size += 1;
    if (!this.#taken.has(id)) this.#ready.add(id);
  }

  /** Removes what a new item replaces: missed runs are no state. */
  #coalesce({ id, notification }: NotificationData): void {
    const lane = this.#lanes.get(id) ?? [];
    const isMissed = notification === 'run.missed';
    const [, ...behind] = lane;
    const waiting = this.#taken.has(id) ? behind : [...lane];
    for (const item of waiting) {
      if ((item.data.notification === 'run.missed') !== isMissed) continue;
      this.#coalesced += 1;
      this.#remove(lane, item);
    }
  }

  #remove(lane: QueuedWebhook[], item: QueuedWebhook): void {
    lane.splice(lane.indexOf(item), 1);
    this.#size -= 1;
    this.#options.onChange({ kind: 'removed', id: item.id });
  }
}

/** Whether the first item of a lane tells that a dispatch runs, and its run is over: by what waits behind it, or else by the time. */
function isStartOver([first, ...behind]: readonly QueuedWebhook[], nowMs: number): boolean {
  if (first === undefined || !isStart(first.data)) return false;
  const { atMs, lateMs } = first.data;
  const isFresh = Math.abs(nowMs - (atMs + lateMs)) < startGraceMs;
  let { run } = first.data;
  for (const { data } of behind) {
    if (data.notification === 'running.stopped') return !isFresh || data.cause !== 'schedule';
    if (data.notification === 'running.started' && data.run.startMs > run.startMs) return true;
    // The same run, perhaps with another end.
    if (isStart(data)) run = data.run;
  }
  return !isFresh && isOver(run, nowMs);
}

function isStart({ notification }: NotificationData): boolean {
  return notification !== 'running.stopped' && notification !== 'run.missed';
}
