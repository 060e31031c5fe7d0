import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { DispatchStore, LoggedChange } from '../domain/dispatchStore.js';
import type { ServiceObserver } from '../domain/serviceObserver.js';
import { type ChangeQueue, changeQueue } from './changeQueue.js';

/** Changes that may wait for one stream before it is dropped. */
const QUEUE_LIMIT = 1000;
/** Log entries read at a time: so many that a stream that is not congested has room for them. */
const BATCH_LIMIT = QUEUE_LIMIT / 2;
/** How long a congested stream may hold up its microgrid, for each change: who reads a thousand a second is never dropped. */
const REST_MS = 1;
/** How long a change that nobody told of, or that could not be read, may wait. */
const POLL_MS = 1000;

/** One reader of a microgrid's changes. */
interface ChangeStream {
  /** The position in the change log at which it was opened: what it yields is behind it. */
  readonly position: number;
  /**
   * The next change, in commit order.
   *
   * @throws DispatchError RESOURCE_EXHAUSTED when the reader was too slow, UNAVAILABLE when the stream is lost for
   * another reason; or the signal's reason.
   */
  next(): Promise<LoggedChange>;
  close(): void;
}

/** How far a feed has come. */
export interface FeedFigures {
  /** Streams that are open. */
  readonly streams: number;
  /** Changes that wait to be sent, of all streams. */
  readonly waiting: number;
  /** For how long the change log has not been readable; 0 while it is. */
  readonly unreadMs: number;
}

/**
 * Carries the change logs of a store to the streams of this process.
 *
 * The store's wake-ups make it fast; that it misses nothing rests on its own polls. While the log cannot be read the
 * streams stay open, and go on where they were.
 */
export interface ChangeFeed {
  /** Opens a stream, which ends when the signal aborts: once it is there, no later change is missed. */
  open(microgridId: number, signal: AbortSignal): Promise<ChangeStream>;
  /** How it stands at this moment. */
  figures(): FeedFigures;
  /** Ends every stream with UNAVAILABLE, and refuses new ones. */
  stop(): void;
}

/** One microgrid with streams. Each log entry is read once, however many streams there are. */
interface Hub {
  /** Up to where the log was read; null before the first position is known. */
  position: number | null;
  /** The first position: nothing at or before it was read. */
  start: number;
  readonly queues: Set<ChangeQueue>;
  /** Nothing is read while its streams send what they have. */
  resting: boolean;
}

/** Starts to carry a store's changes. */
export function changeFeed(store: DispatchStore, logger: Logger, observer?: ServiceObserver): ChangeFeed {
  const hubs = new Map<number, Hub>();
  const woken = new Set<number>();
  let pumping = false;
  /** Since when the change log cannot be read. On the monotonic clock. */
  let failingSinceMs: number | null = null;
  let stopped = false;
  const leaveStore = store.onWake(microgridIds => wake(microgridIds ?? hubs.keys()));
  const polling = setInterval(() => wake(hubs.keys()), POLL_MS);

  function wake(microgridIds: Iterable<number>): void {
    for (const microgridId of microgridIds) if (hubs.has(microgridId)) woken.add(microgridId);
    if (!pumping && woken.size > 0) void pump();
  }

  async function pump(): Promise<void> {
    pumping = true;
    try {
      while (woken.size > 0) await deliver(takeCursors());
      if (failingSinceMs !== null) logger.info({}, 'the change log can be read again');
      failingSinceMs = null;
    } catch (error) {
      if (failingSinceMs === null && !stopped)
        logger.error({ err: error }, 'the change log cannot be read; streams wait');
      failingSinceMs ??= performance.now();
    } finally {
      pumping = false;
    }
  }

  function takeCursors(): Map<number, number> {
    const cursors = new Map<number, number>();
    for (const microgridId of woken) {
      const hub = hubs.get(microgridId);
      // A hub without a position, or one that rests, is woken again.
      if (hub && hub.position !== null && !hub.resting) cursors.set(microgridId, hub.position);
    }
    woken.clear();
    return cursors;
  }

  async function deliver(cursors: ReadonlyMap<number, number>): Promise<void> {
    if (cursors.size === 0) return;
    const { changes, pruned, more } = await store.changes(cursors, BATCH_LIMIT);
    const counts = new Map<number, number>();
    for (const change of changes) {
      const { microgridId, seq } = change;
      const hub = hubs.get(microgridId);
      // A hub that was closed and opened again meanwhile has read further than this batch.
      if (!hub || hub.position === null || seq <= hub.position) continue;
      hub.position = seq;
      for (const queue of hub.queues) queue.push(change);
      counts.set(microgridId, (counts.get(microgridId) ?? 0) + 1);
    }
    for (const microgridId of pruned) {
      logger.warn({ microgrid: microgridId }, 'streams are ended: the change log was pruned before it was read');
      endHub(microgridId, 'the change log was pruned before it was read');
    }
    for (const [microgridId, count] of counts) void rest(microgridId, count * REST_MS);
    for (const microgridId of more) woken.add(microgridId);
    // A burst comes faster than it can be sent: let streams write what they have.
    if (more.length > 0) await setImmediate();
  }

  /**
   * Reads no more of a microgrid while a stream of it is congested, so that those that read are not dropped by changes that
   * come faster. For a while only: one that does not read must not hold up the others, and is dropped in the end.
   */
  async function rest(microgridId: number, mostMs: number): Promise<void> {
    const hub = hubs.get(microgridId);
    const congested = [...(hub?.queues ?? [])].filter(queue => queue.congested);
    if (!hub || congested.length === 0) return;
    hub.resting = true;
    const over = new AbortController();
    const late = setTimeout(mostMs, undefined, over).catch(() => {});
    await Promise.race([Promise.all(congested.map(queue => queue.whenUncongested())), late]);
    over.abort();
    hub.resting = false;
    wake([microgridId]);
  }

  function endHub(microgridId: number, reason: string): void {
    for (const queue of hubs.get(microgridId)?.queues ?? []) queue.end(new DispatchError('UNAVAILABLE', reason));
    hubs.delete(microgridId);
  }

  function endAll(reason: string): void {
    for (const microgridId of [...hubs.keys()]) endHub(microgridId, reason);
    woken.clear();
  }

  function join(microgridId: number, queue: ChangeQueue): Hub {
    const hub = hubs.get(microgridId) ?? { position: null, start: 0, queues: new Set(), resting: false };
    hub.queues.add(queue);
    hubs.set(microgridId, hub);
    return hub;
  }

  function leave(microgridId: number, hub: Hub, queue: ChangeQueue): void {
    hub.queues.delete(queue);
    if (hub.queues.size === 0 && hubs.get(microgridId) === hub) hubs.delete(microgridId);
  }

  return {
    async open(microgridId, signal) {
      if (stopped) throw new DispatchError('UNAVAILABLE', 'the service is shutting down');
      signal.throwIfAborted();
      const queue = changeQueue(QUEUE_LIMIT, () => {
        logger.warn({ microgrid: microgridId }, 'a stream is dropped: its peer does not read as fast as things change');
        observer?.streamDropped();
      });
      const abort = () => queue.end(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      // Join first, ask for the position second: what is committed in between is then queued and not lost.
      const hub = join(microgridId, queue);
      const close = () => {
        signal.removeEventListener('abort', abort);
        leave(microgridId, hub, queue);
      };
      try {
        const head = await store.head(microgridId);
        if (hub.position === null) {
          hub.position = head;
          hub.start = head;
        }
        // Another stream that opens at the same time may have been told a later position before.
        const position = Math.max(head, hub.start);
        queue.startAfter(position);
        wake([microgridId]);
        return { position, next: observer ? () => nextObserved(queue, observer) : queue.next, close };
      } catch (error) {
        close();
        throw error;
      }
    },
    figures() {
      const queues = [...hubs.values()].flatMap(hub => [...hub.queues]);
      return {
        streams: queues.length,
        waiting: queues.reduce((sum, queue) => sum + queue.length, 0),
        unreadMs: failingSinceMs === null ? 0 : performance.now() - failingSinceMs,
      };
    },
    stop() {
      stopped = true;
      clearInterval(polling);
      endAll('the service is shutting down');
      leaveStore();
    },
  };
}

async function nextObserved(queue: ChangeQueue, observer: ServiceObserver): Promise<LoggedChange> {
  const change = await queue.next();
  observer.changeDelivered(change.atUs);
  return change;
}
