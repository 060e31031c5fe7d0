import { createHash } from 'node:crypto';

import { type NotificationData, notificationData } from '../../machines/dispatch/notificationData.js';
import { typeMatcher } from '../../machines/manage/typeFilter.js';
import type { Clock } from '../../machines/protocol/clock.js';
import { isRunNotification } from '../../machines/protocol/dispatcherOutput.js';
import type { QueuedWebhook, WebhookQueueOf, WebhookStore } from '../../machines/protocol/webhookStore.js';
import type { Dispatcher } from '../dispatcher/dispatcher.js';
import { logProblem } from '../dispatcher/problems.js';
import { systemClock } from '../dispatcher/systemClock.js';
import { consoleLogger } from '../logger.js';
import { DispatchError } from '../model/dispatchError.js';
import { postWebhook, type WebhookOutcome } from './postWebhook.js';
import type { WebhookOptions, Webhooks } from './sendWebhooks.js';
import { WebhookQueue } from './webhookQueue.js';
import { readWebhookSecret, webhookHeaders } from './webhookSignature.js';
import { readWebhookUrl } from './webhookUrl.js';

/** Number of requests at a time; one while the receiver fails. */
const maxRequests = 8;
/** Longest wait before the first retry, and before any, in milliseconds. */
const firstRetryMs = 1_000;
const maxRetryMs = 300_000;

/** {@link Webhooks} of a dispatcher. */
export class WebhookSender implements Webhooks {
  readonly #dispatcher: Dispatcher;
  readonly #url: URL;
  readonly #keys: readonly Buffer[];
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #random: () => number;
  readonly #report: (problem: DispatchError) => void;
  readonly #queue: WebhookQueue;
  readonly #ending = new AbortController();
  readonly #requests = new Set<Promise<void>>();
  readonly #undoWaits = new Set<() => void>();
  /** Failures in a row, of the receiver and by dispatch. */
  #failures = 0;
  readonly #refusals = new Map<number, number>();
  #isPaused: boolean;
  #isReported = false;
  #delivered = 0;
  #abandoned = 0;

  constructor(dispatcher: Dispatcher, options: WebhookOptions) {
    const { secret, store, type = '*', limit = 1_000, timeoutMs = 10_000, clock = systemClock } = options;
    this.#dispatcher = dispatcher;
    this.#url = readWebhookUrl(options.url);
    this.#keys = [secret].flat().map(readWebhookSecret);
    if (this.#keys.length === 0) throw new RangeError('secret must be at least one');
    for (const [name, value] of Object.entries({ limit, timeoutMs })) {
      if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be 1 or more, not ${value}`);
    }
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#random = options.random ?? Math.random;
    this.#report = options.onProblem ?? (problem => logProblem(consoleLogger.warn, problem));
    const { microgridId } = dispatcher;
    const of = { microgridId, queue: queueOf(this.#url) };
    const except = options.receivers && [of.queue, ...options.receivers.map(url => queueOf(readWebhookUrl(url)))];
    this.#queue = new WebhookQueue({ limit, onChange: change => store?.changeWebhooks(of, change) });
    const isOfType = typeMatcher(type);
    const listening = dispatcher.actor.on('*', output => {
      if (isRunNotification(output) && isOfType(output.dispatch.type)) this.#add(notificationData(output));
    });
    this.#ending.signal.addEventListener('abort', () => listening.unsubscribe());
    dispatcher.actor.subscribe({ complete: () => this.#end(), error: () => this.#end() });
    this.#isPaused = store !== undefined;
    if (store !== undefined) void this.#restore(store, of, except);
  }

  get state(): 'sending' | 'ended' {
    return this.#ending.signal.aborted ? 'ended' : 'sending';
  }

  get queued(): number {
    return this.#queue.size;
  }

  get delivered(): number {
    return this.#delivered;
  }

  get coalesced(): number {
    return this.#queue.coalesced;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  get abandoned(): number {
    return this.#abandoned;
  }

  async stop(): Promise<void> {
    this.#end();
    await Promise.all(this.#requests);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #add(data: NotificationData): void {
    this.#queue.add(data);
    this.#sendNext();
  }

  /** Sends nothing before what an earlier dispatcher could not send. */
  async #restore(store: WebhookStore, of: WebhookQueueOf, except: readonly string[] | undefined): Promise<void> {
    const { microgridId } = of;
    try {
      if (except !== undefined) this.#abandoned = await store.dropWebhooks({ microgridId, except });
      if (this.#abandoned > 0) {
        const message = `${this.#abandoned} webhooks that waited for other addresses were dropped`;
        this.#report(new DispatchError('DATA_LOSS', message, { microgridId }));
      }
      this.#queue.restore(await store.loadWebhooks(of));
    } catch (error) {
      this.#report(DispatchError.from(error, { microgridId }));
    }
    this.#isPaused = false;
    this.#sendNext();
  }

  #sendNext(): void {
    const limit = this.#failures === 0 ? maxRequests : 1;
    while (!this.#isPaused && !this.#ending.signal.aborted && this.#requests.size < limit) {
      const item = this.#queue.take(this.#clock.nowMs());
      if (item === undefined) return;
      const request = this.#send(item).finally(() => {
        this.#requests.delete(request);
        this.#sendNext();
      });
      this.#requests.add(request);
    }
  }

  async #send(item: QueuedWebhook): Promise<void> {
    const body = this.#bodyOf(item.data);
    const timestampS = Math.floor(this.#clock.nowMs() / 1_000);
    const headers = webhookHeaders(this.#keys, { id: item.id, timestampS, body });
    const late = new AbortController();
    const undoTimer = this.#clock.setTimer(() => late.abort(new Error('it does not answer')), this.#timeoutMs);
    const signal = AbortSignal.any([late.signal, this.#ending.signal]);
    const nowMs = () => this.#clock.nowMs();
    const outcome = await postWebhook(this.#url, headers, { body, signal, nowMs });
    undoTimer();
    if (!this.#ending.signal.aborted || outcome.kind === 'delivered') this.#settle(item, outcome);
  }

  #settle(item: QueuedWebhook, outcome: WebhookOutcome): void {
    const { id } = item.data;
    switch (outcome.kind) {
      case 'delivered':
        this.#delivered += 1;
        this.#failures = 0;
        this.#refusals.delete(id);
        if (this.#refusals.size === 0) this.#isReported = false;
        this.#queue.done(item);
        break;
      case 'gone':
        this.#queue.clear();
        this.#tell('FAILED_PRECONDITION', 'it answers 410: nothing more is sent to it');
        this.#end();
        break;
      case 'refused':
        this.#refusals.set(id, (this.#refusals.get(id) ?? 0) + 1);
        this.#noteTrouble(outcome.reason, id);
        this.#retry(this.#refusals.get(id) ?? 1, outcome.retryAfterMs, () => this.#queue.putBack(id));
        break;
      case 'failed':
        this.#noteTrouble(outcome.reason, id);
        this.#queue.putBack(id);
        this.#pause(outcome.retryAfterMs);
    }
  }

  /** Requests that fail at the same time are one failure: the first one decides how long to wait. */
  #pause(retryAfterMs: number): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#failures += 1;
    this.#retry(this.#failures, retryAfterMs, () => {
      this.#isPaused = false;
    });
  }

  /** Goes on after a random time that grows with the attempts, or the time that the receiver asked for if that is longer. */
  #retry(attempts: number, retryAfterMs: number, then: () => void): void {
    const backoffMs = this.#random() * Math.min(maxRetryMs, firstRetryMs * 2 ** (attempts - 1));
    const waitMs = Math.max(backoffMs, retryAfterMs);
    const undo = this.#clock.setTimer(() => {
      this.#undoWaits.delete(undo);
      then();
      this.#sendNext();
    }, waitMs);
    this.#undoWaits.add(undo);
  }

  #noteTrouble(reason: string, dispatchId: number): void {
    if (!this.#isReported) this.#tell('UNAVAILABLE', `${reason}; it is tried again`, dispatchId);
    this.#isReported = true;
  }

  #tell(code: 'UNAVAILABLE' | 'FAILED_PRECONDITION', what: string, dispatchId?: number): void {
    const { microgridId } = this.#dispatcher;
    // Its path may hold a secret.
    const message = `the webhook of ${this.#url.origin} cannot be sent: ${what}`;
    this.#report(new DispatchError(code, message, { microgridId, dispatchId }));
  }

  #end(): void {
    this.#ending.abort();
    for (const undo of this.#undoWaits) undo();
    this.#undoWaits.clear();
  }

  #bodyOf(data: NotificationData): string {
    const timestamp = new Date(data.atMs + data.lateMs).toISOString();
    return JSON.stringify({
      type: data.notification,
      timestamp,
      data: { microgridId: this.#dispatcher.microgridId, ...data },
    });
  }
}

/** Names the queue of a receiver. An address may hold a secret. */
function queueOf(url: URL): string {
  return createHash('sha256').update(url.href).digest('base64url');
}
