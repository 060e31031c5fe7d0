import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { LogPosition } from '../../wire/logPosition.js';
import type { DispatchStore, LoggedChange } from '../domain/dispatchStore.js';
import { type LogCursor, positionOf, seqOf } from '../domain/logCursor.js';
import type { ServiceObserver } from '../domain/serviceObserver.js';
import { boundWaiting } from './boundWaiting.js';
import { type ChangeQueue, changeQueue, whenUncongested } from './changeQueue.js';
import type { ChangeStream } from './changeStream.js';
import { Hubs } from './hubs.js';
import { openResumed, pageReader } from './resumedStream.js';
import { turns } from './turns.js';

/** What may wait for one stream; above it the stream is ended. */
const QUEUE_LIMITS = { changes: 1_000, bytes: 2_097_152 };
/** Bytes that may wait for all streams together; above it those that lag most are ended. */
const MAX_WAITING_BYTES = 268_435_456;
/** Log entries read at a time, and bytes of one log: a stream that is not congested has room for them. */
const BATCH_LIMIT = QUEUE_LIMITS.changes / 2;
const BATCH_BYTES = QUEUE_LIMITS.bytes / 4;
/** Logs that are looked at at a time. */
const LOGS_AT_ONCE = 2_000;
/** Maximum number of microgrids that one line of the log names. */
const LOGGED_IDS = 10;
/** Bytes that count as one change where the time to send changes is estimated. */
const CHANGE_BYTES = 1_000;
/**
 * Time per change for which a congested stream delays its microgrid: one that reads a thousand, or a million bytes, a second is never
 * ended.
 */
const PAUSE_MS = 1;
/** Interval of polling, for changes without a notification or that could not be read. */
const POLL_MS = 1000;

/** The state of a feed, for metrics. */
export interface FeedFigures {
  /** Number of open streams. */
  readonly streams: number;
  /** Number of changes waiting to be sent, over all streams. */
  readonly waiting: number;
  /** Time for which the change log has been unreadable; 0 while it can be read. */
  readonly unreadMs: number;
}

/**
 * Delivers the change logs of a store to the streams of this process.
 *
 * Wake-ups of the store make it fast; its own polling makes sure that nothing is missed. While the log cannot be read, streams
 * stay open, and then continue where they were.
 */
export interface ChangeFeed {
  /**
   * Opens a stream, which ends when the signal aborts. From then on no change is missed.
   *
   * @param resumeAfter - the position after which it is to go on, if the log has that entry and not too many more.
   */
  open(microgridId: number, signal: AbortSignal, resumeAfter?: LogPosition | null): Promise<ChangeStream>;
  /** The present state. */
  figures(): FeedFigures;
  /** Ends every stream with UNAVAILABLE, and refuses new ones. */
  stop(): void;
}

/** Starts the feed of a store. */
export function changeFeed(store: DispatchStore, logger: Logger, observer?: ServiceObserver): ChangeFeed {
  const hubs = new Hubs();
  const streams = new Set<ChangeStream>();
  const woken = turns();
  const readPage = pageReader(store);
  let pumping = false;
  /** When reading the change log began to fail; on the monotonic clock. */
  let failingSinceMs: number | null = null;
  let stopped = false;
  const leaveStore = store.onWake(microgridIds => wake(microgridIds ?? hubs.ids()));
  const polling = setInterval(poll, POLL_MS);

  function poll(): void {
    boundWaiting(hubs.queues(), MAX_WAITING_BYTES);
    wake(hubs.ids());
  }

  function wake(microgridIds: Iterable<number>): void {
    for (const microgridId of microgridIds) if (hubs.get(microgridId)) woken.add(microgridId);
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

  function takeCursors(): Map<number, LogCursor> {
    const cursors = new Map<number, LogCursor>();
    for (const microgridId of woken.take(LOGS_AT_ONCE)) {
      const hub = hubs.get(microgridId);
      // A hub without a position, or one that is paused, is woken again.
      if (hub && hub.position !== null && !hub.paused) cursors.set(microgridId, hub.position);
    }
    return cursors;
  }

  async function deliver(cursors: Map<number, LogCursor>): Promise<void> {
    if (cursors.size === 0) return;
    const { changes, pruned, more } = await store.changes(cursors, BATCH_LIMIT, BATCH_BYTES);
    const sendingMs = new Map<number, number>();
    for (const change of changes) {
      const { microgridId } = change;
      const hub = hubs.get(microgridId);
      // A hub that was closed and opened again meanwhile is elsewhere, maybe in another log.
      if (!hub || hub.position !== cursors.get(microgridId)) continue;
      hub.position = positionOf(change);
      cursors.set(microgridId, hub.position);
      for (const queue of hub.queues) queue.push(change);
      const ms = PAUSE_MS * Math.max(1, change.message.length / CHANGE_BYTES);
      sendingMs.set(microgridId, (sendingMs.get(microgridId) ?? 0) + ms);
    }
    endLost(pruned.filter(microgridId => hubs.get(microgridId)?.position === cursors.get(microgridId)));
    for (const [microgridId, ms] of sendingMs) void pauseWhileCongested(microgridId, ms);
    const wasRead = (microgridId: number) => sendingMs.has(microgridId);
    woken.takeBack(
      more.filter(microgridId => !wasRead(microgridId)),
      more.filter(wasRead),
    );
    // A burst arrives faster than it can be sent: let streams write what they have.
    if (more.length > 0) await setImmediate();
  }

  /**
   * Pauses reading of a microgrid while a stream of it is congested, so that streams that are read are not ended by a burst. Only
   * for a limited time: a stream that is not read must not delay the others, and is ended eventually.
   */
  async function pauseWhileCongested(microgridId: number, mostMs: number): Promise<void> {
    const hub = hubs.get(microgridId);
    const congested = [...(hub?.queues ?? [])].filter(queue => queue.congested);
    if (!hub || congested.length === 0) return;
    hub.paused = true;
    await whenUncongested(congested, mostMs);
    hub.paused = false;
    wake([microgridId]);
  }

  function endLost(microgridIds: readonly number[]): void {
    if (microgridIds.length === 0) return;
    const reason = 'the change log was pruned before it was read, or replaced by another one';
    // Of a database that was replaced it may be all of them.
    logger.warn(
      { microgrids: microgridIds.slice(0, LOGGED_IDS), count: microgridIds.length },
      `streams were ended: ${reason}`,
    );
    hubs.end(microgridIds, reason);
  }

  async function open(microgridId: number, signal: AbortSignal): Promise<ChangeStream> {
    if (stopped) throw new DispatchError('UNAVAILABLE', 'the service is shutting down');
    signal.throwIfAborted();
    const queue = changeQueue(QUEUE_LIMITS, () => {
      logger.warn({ microgrid: microgridId }, 'a stream was ended: its peer reads more slowly than changes are made');
      observer?.streamDropped();
    });
    const abort = () => queue.end(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    // Join first, ask for the position second: what is committed in between is then queued and not lost.
    const hub = hubs.join(microgridId, queue);
    const close = () => {
      signal.removeEventListener('abort', abort);
      hubs.leave(microgridId, hub, queue);
    };
    try {
      const head = await store.cursor(microgridId);
      if (hub.position === null) {
        hub.position = head;
        hub.start = head;
      }
      // Another stream that opens at the same time may already have a later position.
      const from = seqOf(head) < seqOf(hub.start) ? hub.start : head;
      queue.startAfter(seqOf(from));
      wake([microgridId]);
      const next = observer ? () => nextObserved(queue, observer) : queue.next;
      return { position: seqOf(from), head: typeof from === 'number' ? null : from, resumed: false, next, close };
    } catch (error) {
      close();
      throw error;
    }
  }

  return {
    async open(microgridId, signal, resumeAfter = null) {
      const openLater = () => open(microgridId, signal);
      const resumed =
        resumeAfter && (await openResumed({ store, readPage, microgridId, signal, open: openLater }, resumeAfter));
      const stream = resumed ?? (await openLater());
      streams.add(stream);
      const close = () => {
        streams.delete(stream);
        stream.close();
      };
      return { ...stream, close };
    },
    figures() {
      const queues = hubs.queues().flatMap(ofHub => [...ofHub]);
      return {
        streams: streams.size,
        waiting: queues.reduce((sum, queue) => sum + queue.length, 0),
        unreadMs: failingSinceMs === null ? 0 : performance.now() - failingSinceMs,
      };
    },
    stop() {
      stopped = true;
      clearInterval(polling);
      hubs.end([...hubs.ids()], 'the service is shutting down');
      woken.clear();
      leaveStore();
    },
  };
}

async function nextObserved(queue: ChangeQueue, observer: ServiceObserver): Promise<LoggedChange> {
  const change = await queue.next();
  observer.changeDelivered(change.atUs);
  return change;
}
