import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { DispatcherOutput } from './dispatcherOutput.js';
import type { StoreChange, StoredDispatch, SyncPosition } from './dispatcherStore.js';

/** Restore events from the store, before any other; each is answered by `pool.ready`. */
export type RestoreEvent =
  /** Answered without `more` when the dispatcher was restored from a snapshot and does not need the store's dispatches. */
  | { readonly type: 'restore.started' }
  | { readonly type: 'restore.brought'; readonly dispatches: readonly StoredDispatch[] }
  | {
      readonly type: 'restore.ended';
      /** Whether a list of the service had been applied. */
      readonly synced: boolean;
      /** Whether every stored dispatch could be read. */
      readonly complete: boolean;
      readonly position: SyncPosition | null;
    };

/** Sync events from the source to the pool; each is answered by `pool.ready`. `atMs` is the present time. */
export type SyncEvent =
  /** A connection begins. The answer has the position to resume from, if the dispatches are as they were at that position. */
  | { readonly type: 'sync.began'; readonly atMs: number }
  /** A list begins. Dispatches that it lacks at its end are deleted. */
  | { readonly type: 'sync.listStarted'; readonly atMs: number }
  | {
      readonly type: 'sync.listed';
      readonly atMs: number;
      readonly dispatches: readonly DispatchRecord[];
      /** Ids of listed dispatches that cannot be decoded; the held versions stay. */
      readonly unreadableIds: readonly number[];
    }
  /** All pages of the list were sent, which asked for dispatches that end at or after `endFromMs`. The answer has `lacking`. */
  | { readonly type: 'sync.listRead'; readonly atMs: number; readonly endFromMs: number }
  /**
   * The list has ended; it asked for dispatches that end at or after `endFromMs`, and has all changes up to `position`. Sent again while
   * the answer has `more`.
   */
  | {
      readonly type: 'sync.listEnded';
      readonly atMs: number;
      readonly endFromMs: number;
      readonly position: string | null;
    }
  /** Changes up to `position`; there may be none that can be read. */
  | {
      readonly type: 'sync.changed';
      readonly atMs: number;
      readonly changes: readonly RecordChange[];
      readonly position: string | null;
    };

/** A change from a stream. */
export type RecordChange =
  | { readonly kind: 'created' | 'updated'; readonly dispatch: DispatchRecord }
  /** Without `dispatch`, which could not be decoded, the held version counts. */
  | { readonly kind: 'deleted'; readonly id: number; readonly dispatch?: DispatchRecord };

/** Events from the timer. `atMs` is the present time. */
export type TimerEvent =
  | { readonly type: 'timer.due'; readonly atMs: number }
  /** The wall clock was, or may have been, set back; `fromMs` is the time before that. Also the answer to `instant.wanted`. */
  | { readonly type: 'clock.wentBack'; readonly atMs: number; readonly fromMs: number }
  /** The wall clock, which was never set before, was set. */
  | { readonly type: 'clock.set'; readonly atMs: number }
  | { readonly type: 'retry.due' }
  /** The answer to `retry.wanted`: `retry.due` follows at `atMs`. */
  | { readonly type: 'retry.planned'; readonly atMs: number };

/** Events to the timer. */
export type TimerCommand =
  /** Asks for the present time, which comes as `clock.wentBack`: restored dispatches may stem from a time that the clock has not reached. */
  | { readonly type: 'instant.wanted' }
  /** When `timer.due` is needed next; null: not at all. */
  | { readonly type: 'agenda.moved'; readonly atMs: number | null }
  /** The dispatcher is live: the long work is done. */
  | Extract<SourceEvent, { type: 'source.live' }>
  /** Asks for `retry.due` after a random delay between the two. */
  | { readonly type: 'retry.wanted'; readonly minDelayMs: number; readonly maxDelayMs: number }
  /** Asks for the planned `retry.due` after a random delay up to `maxDelayMs`, unless it comes sooner. */
  | { readonly type: 'retry.hastened'; readonly maxDelayMs: number };

/** Events from the source beside {@link SyncEvent}s. */
export type SourceEvent =
  | { readonly type: 'source.connecting' }
  /** The stream is open, or has been silent for a second: the list begins. */
  | { readonly type: 'source.opened' }
  /** What is known of the stream; some services say it only with the first event. */
  | {
      readonly type: 'source.answered';
      /** Whether the service is listed at intervals, because it has no stream. */
      readonly polling: boolean;
      /** How far the clock of the service is ahead of this one, in milliseconds; null: unknown. */
      readonly clockOffsetMs: number | null;
    }
  /** The list and the changes since are applied. */
  | { readonly type: 'source.live'; readonly atMs: number }
  | {
      readonly type: 'source.lost';
      readonly atMs: number;
      readonly problem: DispatchError;
      /** Whether the service ended the connection, as when it is stopped. */
      readonly graceful: boolean;
    }
  /** After `source.lost`: the service is connected anew, so that an attempt may succeed. */
  | { readonly type: 'source.reachable' };

/** Events to the source. */
export type SourceCommand =
  | { readonly type: 'source.connect' }
  | ListWanted
  /** A problem that nothing handled. */
  | { readonly type: 'problem.unheard'; readonly problem: DispatchError }
  | PoolReady;

/**
 * The pool has processed one {@link SyncEvent} or {@link RestoreEvent}. `more`: after `sync.listEnded`, whether more dispatches are left to
 * delete; after `restore.started`, whether the pool wants the stored dispatches.
 */
export interface PoolReady {
  readonly type: 'pool.ready';
  readonly more: boolean;
  /** After `sync.listRead`, the ids of the dispatches that the list should contain but lacks. */
  readonly lacking?: readonly number[] | undefined;
  /** Position in the change log of the service up to which the dispatches are in sync; null: unknown. */
  readonly position: string | null;
}

/** The clock went back so far that dispatches may be missing that were not listed, or were forgotten: they must be listed again. */
export interface ListWanted {
  readonly type: 'list.wanted';
}

/** The outputs of the pool for one event, in order. They are one event, because each event costs the same, whatever it carries. */
export interface PoolReport {
  readonly type: 'pool.reported';
  readonly outputs: readonly DispatcherOutput[];
}

/** Events from the store beside {@link RestoreEvent}s. */
export type StoreEvent =
  /** The store is being opened and read; nothing else happens until it is ready. */
  | { readonly type: 'store.opening' }
  /** Asks for all changes from now on. */
  | { readonly type: 'changes.wanted' }
  /** Everything is restored, or nothing can be: the dispatcher begins. */
  | { readonly type: 'store.ready' };

/** Changes of the dispatches since the last such event. */
export interface PoolChanged {
  readonly type: 'pool.changed';
  readonly changes: readonly StoreChange[];
  /** All dispatches, to replace everything stored; read when they are written. Null: only the changes. */
  readonly everything: Iterable<StoreChange> | null;
  /** Whether a list of the service was applied. */
  readonly synced: boolean;
  /** The position up to which the dispatches are in sync with these changes; null: unknown. */
  readonly position: SyncPosition | null;
}

/** Events to the store. */
export type StoreCommand = PoolChanged | PoolReady;

/** Events to the pool. */
export type PoolEvent =
  | SyncEvent
  | RestoreEvent
  | Extract<StoreEvent, { type: 'changes.wanted' }>
  | Exclude<TimerEvent, { type: `retry.${string}` }>;

/** Events from the pool. */
export type PoolOutput =
  | PoolReport
  | PoolReady
  | PoolChanged
  | ListWanted
  | Extract<TimerCommand, { type: 'agenda.moved' }>;
