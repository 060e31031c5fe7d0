import { DispatchError } from '../src/model/dispatchError.js';
import type { DispatchRecord } from '../src/model/dispatchRecord.js';
import { assertEvaluable } from '../src/model/schedule.js';
import { DispatchChildren, type PersistedChild, type PoolScope } from './dispatchChildren.js';
import type { DispatcherOutput, PoolEvent, PoolOutput, SyncEvent } from './dispatcherEvent.js';
import type { DispatchRegistry, RegisteredDispatch } from './dispatchRegistry.js';
import { keptAfterEndMs } from './keptAfterEnd.js';
import { RecentDeletions } from './recentDeletions.js';
import { relayToParent } from './relay.js';

/** A pool as JSON. */
export interface PersistedPool {
  readonly synced: boolean;
  readonly children: readonly PersistedChild[];
}

/** What the actor system tells an actor beside its own events. */
export type SystemEvent =
  | { readonly type: 'xstate.stop' }
  | { readonly type: `xstate.error.actor.${string}`; readonly error: unknown }
  | { readonly type: `xstate.done.actor.${string}` };

/** So many dispatches are woken or deleted for one event; the timer and the source look at the clock in between. */
const sliceSize = 64;

/**
 * The inside of {@link dispatchPool}: decides which version of a dispatch counts, and that what was due before a change
 * is worked off before it.
 */
export class Pool implements DispatchRegistry {
  readonly #children: DispatchChildren;
  readonly #tell: (output: PoolOutput) => void;
  /** What is to be said at the end of the present event. */
  #outputs: DispatcherOutput[] = [];
  readonly #deletions = new RecentDeletions();
  /** Those that the list lacks so far; null while none is under way. */
  #unlisted: Set<number> | null = null;
  /** Whether a list was applied: from then on a list only yields differences. */
  #synced: boolean;
  /** Changes that wait until what was due before them is worked off. */
  readonly #waiting: SyncEvent[] = [];
  #toldHeadMs: number | null = null;

  constructor(scope: PoolScope, persisted?: PersistedPool) {
    this.#tell = output => relayToParent(scope.self, output);
    this.#children = new DispatchChildren(scope, output => this.#outputs.push(output), persisted?.children);
    this.#synced = persisted?.synced ?? false;
  }

  get size(): number {
    return this.#children.size;
  }

  get(id: number): RegisteredDispatch | undefined {
    return this.#children.get(id);
  }

  ids(): IterableIterator<number> {
    return this.#children.ids();
  }

  toJSON(): { size: number } {
    return { size: this.size };
  }

  persist(): PersistedPool {
    return { synced: this.#synced, children: this.#children.persist() };
  }

  start(): void {
    this.#children.start();
    this.#report();
  }

  receive(event: PoolEvent | SystemEvent): void {
    switch (event.type) {
      case 'clock.wentBack':
        this.#children.makeDueAfterStepTo(event.atMs);
        this.#workOff(event.atMs);
        break;
      case 'timer.due':
        this.#workOff(event.atMs);
        break;
      case 'sync.listStarted':
      case 'sync.listed':
      case 'sync.listEnded':
      case 'sync.changed':
        if (this.#waiting.length > 0 || this.#isOverdue(event.atMs)) this.#wait(event);
        else this.#apply(event);
        break;
      case 'xstate.stop':
        this.#children.stop();
        break;
      default:
        if ('error' in event) this.#children.dropFailed(Number(event.type.split('.').at(-1)), event.error);
    }
    this.#report();
  }

  /** Whether something was due before an instant: it comes before a change that was noticed then. */
  #isOverdue(atMs: number): boolean {
    const { headMs } = this.#children;
    return headMs !== null && headMs < atMs;
  }

  #wait(event: SyncEvent): void {
    this.#waiting.push(event);
    // After a suspend the timer still waits; it must look at the clock now.
    this.#toldHeadMs = null;
  }

  #workOff(atMs: number): void {
    this.#children.wakeDue(atMs, sliceSize);
    while (this.#waiting.length > 0 && !this.#isOverdue(atMs)) {
      const event = this.#waiting.shift();
      // It is judged by the present instant: what was due until now is done.
      if (event !== undefined) this.#apply({ ...event, atMs });
    }
  }

  #apply(event: SyncEvent): void {
    let more = false;
    switch (event.type) {
      case 'sync.listStarted':
        this.#unlisted = new Set(this.#children.ids());
        break;
      case 'sync.listed':
        for (const dispatch of event.dispatches) this.#takeListed(dispatch, event.atMs);
        for (const id of event.unreadableIds) this.#unlisted?.delete(id);
        break;
      case 'sync.listEnded':
        more = this.#deleteUnlisted(event);
        break;
      case 'sync.changed':
        for (const change of event.changes) {
          if (change.kind === 'deleted') this.#takeDeletion(change.id, change.dispatch, event.atMs);
          else this.#takeStreamed(change.dispatch, event.atMs);
        }
    }
    this.#flush();
    this.#tell({ type: 'pool.ready', more });
  }

  /** A listed version counts when it differs, also when it is older: a service may be restored from a backup. */
  #takeListed(dispatch: DispatchRecord, atMs: number): void {
    this.#unlisted?.delete(dispatch.id);
    const held = this.#children.get(dispatch.id)?.dispatch;
    if (held === undefined) this.#create(dispatch, atMs, this.#synced ? 'update' : 'sync');
    else if (held.updateTime !== dispatch.updateTime) this.#update(dispatch, atMs);
  }

  /** A streamed version counts when it is newer. */
  #takeStreamed(dispatch: DispatchRecord, atMs: number): void {
    if (this.#deletions.has(dispatch.id, atMs)) return;
    const held = this.#children.get(dispatch.id)?.dispatch;
    const isForgotten = dispatch.endTimeMs !== null && dispatch.endTimeMs + keptAfterEndMs <= atMs;
    if (held === undefined && !isForgotten) this.#create(dispatch, atMs, 'update');
    else if (held !== undefined && held.updateTime < dispatch.updateTime) this.#update(dispatch, atMs);
  }

  #takeDeletion(id: number, dispatch: DispatchRecord | undefined, atMs: number): void {
    this.#deletions.add(id, atMs);
    const held = this.#children.get(id)?.dispatch;
    if (held !== undefined) this.#children.delete(dispatch ?? held, atMs);
  }

  /** Deletes what the list lacks although it asked for it; true when the slice was full and more is left. */
  #deleteUnlisted({ endFromMs, atMs }: { endFromMs: number; atMs: number }): boolean {
    let left = sliceSize;
    for (const id of this.#unlisted ?? []) {
      if (left-- === 0) return true;
      this.#unlisted?.delete(id);
      const dispatch = this.#children.get(id)?.dispatch;
      const wasAskedFor = dispatch !== undefined && (dispatch.endTimeMs === null || dispatch.endTimeMs >= endFromMs);
      if (wasAskedFor) this.#children.delete(dispatch, atMs);
    }
    this.#unlisted = null;
    this.#deletions.clear();
    this.#synced = true;
    return false;
  }

  #create(dispatch: DispatchRecord, atMs: number, cause: 'sync' | 'update'): void {
    if (this.#checkEvaluable(dispatch)) this.#children.create(dispatch, atMs, cause);
  }

  /** What cannot be evaluated is kept as inactive, so that no run goes on by a version that no longer counts. */
  #update(dispatch: DispatchRecord, atMs: number): void {
    this.#children.update(this.#checkEvaluable(dispatch) ? dispatch : { ...dispatch, active: false }, atMs);
  }

  #checkEvaluable(dispatch: DispatchRecord): boolean {
    try {
      assertEvaluable(dispatch);
      return true;
    } catch (cause) {
      const { id, microgridId } = dispatch;
      const message = `dispatch ${id} cannot be evaluated: ${cause instanceof Error ? cause.message : String(cause)}`;
      const problem = new DispatchError('UNEVALUABLE', message, { microgridId, dispatchId: id, cause });
      this.#outputs.push({ type: 'dispatcher.problem', problem });
      return false;
    }
  }

  /** Says what there is to say, and when the pool is wanted next. */
  #report(): void {
    this.#flush();
    const { headMs } = this.#children;
    if (headMs === this.#toldHeadMs) return;
    this.#toldHeadMs = headMs;
    this.#tell({ type: 'agenda.moved', atMs: headMs });
  }

  #flush(): void {
    if (this.#outputs.length === 0) return;
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#tell({ type: 'pool.reported', outputs });
  }
}
