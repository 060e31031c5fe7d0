import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { DispatcherOutput } from './dispatcherOutput.js';
import type { StoreChange, StoredDispatch } from './dispatcherStore.js';

/** What the store brings before all else; each is answered by `pool.ready`. */
export type RestoreEvent =
  /** Answered with no `more` when it is not wanted: the dispatcher was restored from a snapshot. */
  | { readonly type: 'restore.started' }
  | { readonly type: 'restore.brought'; readonly dispatches: readonly StoredDispatch[] }
  | {
      readonly type: 'restore.ended';
      /** Whether a list of the service had been applied. */
      readonly synced: boolean;
      /** Whether everything could be read. */
      readonly complete: boolean;
    };

/** What the source tells the pool of the service; each is answered by `pool.ready`. `atMs` is the present instant. */
export type SyncEvent =
  /** A list begins: what it lacks when it ends is deleted. */
  | { readonly type: 'sync.listStarted'; readonly atMs: number }
  | {
      readonly type: 'sync.listed';
      readonly atMs: number;
      readonly dispatches: readonly DispatchRecord[];
      /** Those that the list has but that cannot be read: what is held of them stays. */
      readonly unreadableIds: readonly number[];
    }
  /** The list asked for dispatches that end at or after `endFromMs`. Sent again while the answer says `more`. */
  | { readonly type: 'sync.listEnded'; readonly atMs: number; readonly endFromMs: number }
  | { readonly type: 'sync.changed'; readonly atMs: number; readonly changes: readonly RecordChange[] };

/** A change that a stream brought. */
export type RecordChange =
  | { readonly kind: 'created' | 'updated'; readonly dispatch: DispatchRecord }
  /** Without the dispatch, when that could not be read, it is as it was held. */
  | { readonly kind: 'deleted'; readonly id: number; readonly dispatch?: DispatchRecord };

/** What the timer tells. `atMs` is the present instant. */
export type TimerEvent =
  | { readonly type: 'timer.due'; readonly atMs: number }
  /** The clock went back, or may have; also the answer to `instant.wanted`. */
  | { readonly type: 'clock.wentBack'; readonly atMs: number }
  | { readonly type: 'retry.due' }
  /** The answer to `retry.wanted`: `retry.due` comes at `atMs`. */
  | { readonly type: 'retry.planned'; readonly atMs: number };

/** What the timer is told. */
export type TimerCommand =
  /** Tell the present instant, as `clock.wentBack`: what was restored may be from a time that the clock has not reached yet. */
  | { readonly type: 'instant.wanted' }
  /** When it is wanted next, null for not at all. */
  | { readonly type: 'agenda.moved'; readonly atMs: number | null }
  /** The dispatcher is in step with its service: what takes long is done. */
  | Extract<SourceEvent, { type: 'source.live' }>
  /** Send `retry.due` after a random wait between the two. */
  | { readonly type: 'retry.wanted'; readonly minDelayMs: number; readonly maxDelayMs: number };

/** What the source tells beside {@link SyncEvent}s. */
export type SourceEvent =
  | { readonly type: 'source.connecting' }
  /** The stream is open, or has kept silent for a second: the list begins. */
  | { readonly type: 'source.opened' }
  /** The list and the changes since are applied. */
  | { readonly type: 'source.live'; readonly atMs: number }
  | { readonly type: 'source.lost'; readonly atMs: number; readonly problem: DispatchError };

/** What the source is told. */
export type SourceCommand =
  | { readonly type: 'source.connect' }
  /** A problem of the dispatcher that nobody takes. */
  | { readonly type: 'problem.unheard'; readonly problem: DispatchError }
  | PoolReady;

/**
 * The pool has worked off one {@link SyncEvent} or {@link RestoreEvent}; after `sync.listEnded`, whether `more` is left to
 * delete, after `restore.started`, whether `more` is wanted.
 */
export interface PoolReady {
  readonly type: 'pool.ready';
  readonly more: boolean;
}

/** What the pool has to say after one event, in order: many in one, because each event that it sends costs as much as one. */
export interface PoolReport {
  readonly type: 'pool.reported';
  readonly outputs: readonly DispatcherOutput[];
}

/** What the store tells beside {@link RestoreEvent}s. */
export type StoreEvent =
  /** It is being opened and read, and nothing else happens until it is ready. */
  | { readonly type: 'store.opening' }
  /** It wants to be told what changes from now on. */
  | { readonly type: 'changes.wanted' }
  /** Everything is restored, or there is nothing to restore: the dispatcher begins. */
  | { readonly type: 'store.ready' };

/** What changed of the dispatches since the store was told the last time. */
export interface PoolChanged {
  readonly type: 'pool.changed';
  readonly changes: readonly StoreChange[];
  /** Everything that is to be kept, in place of what was; read when it is written. Null: only the changes count. */
  readonly everything: Iterable<StoreChange> | null;
  /** Whether a list of the service was applied. */
  readonly synced: boolean;
}

/** What the store is told. */
export type StoreCommand = PoolChanged | PoolReady;

/** What the pool is told. */
export type PoolEvent =
  | SyncEvent
  | RestoreEvent
  | Extract<StoreEvent, { type: 'changes.wanted' }>
  | Exclude<TimerEvent, { type: `retry.${string}` }>;

/** What the pool tells. */
export type PoolOutput = PoolReport | PoolReady | PoolChanged | Extract<TimerCommand, { type: 'agenda.moved' }>;
