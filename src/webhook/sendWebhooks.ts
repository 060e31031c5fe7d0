import type { TypeFilter } from '../../machines/manage/typeFilter.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { WebhookStore } from '../../machines/protocol/webhookStore.js';
import type { Dispatcher } from '../dispatcher/dispatcher.js';
import type { DispatchError } from '../model/dispatchError.js';
import { WebhookSender } from './webhookSender.js';

/** Options of {@link sendWebhooks}. */
export interface WebhookOptions {
  /** Where to send them: an `https` or `http` address, with no port that fetch blocks, such as 6000. */
  readonly url: string | URL;
  /** The secret that signs them, `whsec_…`; or several, while the receiver changes from one to another. */
  readonly secret: string | readonly string[];
  /** Only dispatches of this type, or of several. @default '*' */
  readonly type?: TypeFilter | undefined;
  /** The store of the dispatcher: what is not sent yet is then sent after a restart. @default it is lost at the end */
  readonly store?: WebhookStore | undefined;
  /**
   * The addresses of all receivers of the dispatcher. What waits in the store for others, such as an earlier address, is dropped and told.
   * @default nothing is dropped
   */
  readonly receivers?: readonly (string | URL)[] | undefined;
  /** Number of waiting notifications above which those of one dispatch are coalesced. @default 1000 */
  readonly limit?: number | undefined;
  /** Time for the receiver to answer, in milliseconds. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /** Source of time. @default the clock of this computer */
  readonly clock?: Clock | undefined;
  /** Random number in [0, 1) that spreads retries. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Told when sending begins to fail, when it ends for good, and what was dropped for other receivers. It must not throw. @default the console */
  readonly onProblem?: ((problem: DispatchError) => void) | undefined;
}

/** The webhooks of one receiver. */
export interface Webhooks extends AsyncDisposable {
  /** `ended`: the receiver wants nothing any more (410), or the dispatcher has stopped. */
  readonly state: 'sending' | 'ended';
  /** Number of notifications that wait, or are being sent. */
  readonly queued: number;
  /** Number of notifications that the receiver has taken. */
  readonly delivered: number;
  /** Number of notifications that a newer one of the same dispatch replaced while the queue was full. */
  readonly coalesced: number;
  /** Number of starts that were not sent because their run was over. */
  readonly dropped: number;
  /** Number of notifications in the store that were for none of `receivers`. */
  readonly abandoned: number;
  /** Ends it, also what is being sent. What was not sent stays in the store. */
  stop(): Promise<void>;
}

/**
 * Sends the notifications of the runs of a dispatcher to an HTTP receiver, as Standard Webhooks (standardwebhooks.com): a POST of
 * `{"type":"running.started","timestamp":…,"data":{…}}` that is signed, where `data` is what `follow --json` prints, and the microgrid.
 *
 * Each is sent until the receiver answers 2xx: those of one dispatch in order, of several dispatches at the same time. After a restart, or
 * when an answer was lost, it may be sent again, with the same `webhook-id`. Retries wait a random time of up to 1 s, then twice as long
 * each time, up to 5 min, and at least as long as the receiver says in `Retry-After`. A failure that concerns the receiver (none, 408, 429, 5xx)
 * delays all, another answer only the notifications of that dispatch. 410 ends it.
 *
 * Call it before the dispatcher is started to send everything.
 *
 * @throws RangeError when an option is wrong; the message does not reveal a secret.
 */
export function sendWebhooks(dispatcher: Dispatcher, options: WebhookOptions): Webhooks {
  return new WebhookSender(dispatcher, options);
}
