import type { ActorRefFrom } from 'xstate';
import type { dispatchMachine } from '../dispatch/dispatchMachine.js';
import type { DispatcherOutput } from '../protocol/dispatcherOutput.js';
import type { StoreChange, StoredDispatch } from '../protocol/dispatcherStore.js';
import type { PoolEvent, PoolOutput, RestoreEvent, SyncEvent } from '../protocol/messages.js';
import { sendToParentFrom } from '../xstate/sendFrom.js';
import { DispatchChildren, type PoolScope } from './dispatchChildren.js';
import type { DispatchRegistry, RegisteredDispatch } from './dispatchRegistry.js';
import { DispatchSync } from './dispatchSync.js';
import { Restoration } from './restoration.js';

/** A pool as JSON. */
export interface PersistedPool {
  readonly microgridId: number;
  readonly synced: boolean;
  /** Empty while the store is still bringing them: then a pool that is restored from this asks the store again. */
  readonly dispatches: readonly StoredDispatch[];
}

/** What the actor system tells an actor beside its own events. */
export type SystemEvent =
  | { readonly type: 'xstate.stop' }
  | { readonly type: `xstate.error.actor.${string}`; readonly error: unknown }
  | { readonly type: `xstate.done.actor.${string}` };

/** Maximum number of dispatches that are woken or resumed for one event; the timer looks at the clock in between. */
const sliceSize = 64;

/**
 * The inside of {@link dispatchPool}: sees to it that what was due before a change is worked off before it, and tells
 * the parent what comes of each event.
 */
export class PoolState implements DispatchRegistry {
  readonly #scope: PoolScope;
  readonly #microgridId: number;
  readonly #tell: (output: PoolOutput) => void;
  #children: DispatchChildren;
  #sync: DispatchSync;
  #restoration: Restoration;
  /** Whether a snapshot brought its dispatches: then the store's do not count. */
  #wasRestored = false;
  #isStopped = false;
  /** What is to be said at the end of the present event. */
  #outputs: DispatcherOutput[] = [];
  /** Changes that wait until what was due before them is worked off. */
  #waiting: SyncEvent[] = [];
  #toldHeadMs: number | null = null;
  /** What the store is to be told at the end of the present event; null when there is no store. */
  #changes: StoreChange[] | null = null;
  #mustKeepAll = false;
  #toldSynced = false;

  constructor(scope: PoolScope, microgridId: number, persisted?: PersistedPool) {
    this.#scope = scope;
    this.#microgridId = microgridId;
    this.#tell = output => sendToParentFrom(scope.self, output);
    const parts = this.#makeParts();
    this.#children = parts.children;
    this.#sync = parts.sync;
    this.#restoration = parts.restoration;
    if (persisted !== undefined) this.#takeSnapshot(persisted);
  }

  get size(): number {
    return this.#children.size;
  }

  get runningCount(): number {
    return this.#children.runningCount;
  }

  get(id: number): RegisteredDispatch | undefined {
    return this.#children.get(id);
  }

  actor(id: number): ActorRefFrom<typeof dispatchMachine> | undefined {
    return this.#children.actor(id);
  }

  ids(): IterableIterator<number> {
    return this.#children.ids();
  }

  running(): IterableIterator<RegisteredDispatch> {
    return this.#children.running();
  }

  toJSON(): { size: number } {
    return { size: this.size };
  }

  persist(): PersistedPool {
    const { synced } = this.#sync;
    const dispatches = this.#restoration.isLoading ? [] : [...this.#children.stored()];
    return { microgridId: this.#microgridId, synced, dispatches };
  }

  /** Also after it was stopped, as React does with a root actor: then it goes on as if it were restored. */
  start(): void {
    if (this.#isStopped) this.#revive();
    this.#children.start();
    this.#report();
  }

  receive(event: PoolEvent | SystemEvent): void {
    switch (event.type) {
      case 'clock.wentBack':
        if (!this.#restoration.isLoading) this.#children.makeDueAfterStepTo(event.atMs);
        this.#processDue(event.atMs);
        break;
      case 'timer.due':
        this.#processDue(event.atMs);
        break;
      case 'sync.listStarted':
      case 'sync.listed':
      case 'sync.listEnded':
      case 'sync.changed':
        if (this.#waiting.length > 0 || this.#restoration.isPending || this.#isOverdue(event.atMs)) this.#wait(event);
        else this.#apply(event);
        break;
      case 'changes.wanted':
        this.#changes = [];
        break;
      case 'restore.started':
      case 'restore.brought':
      case 'restore.ended':
        this.#tell({ type: 'pool.ready', more: this.#restore(event) });
        break;
      case 'xstate.stop':
        this.#isStopped = true;
        this.#children.stop();
        break;
      default:
        if ('error' in event) this.#children.dropFailed(Number(event.type.split('.').at(-1)), event.error);
    }
    this.#report();
  }

  #makeParts(): { children: DispatchChildren; sync: DispatchSync; restoration: Restoration } {
    const tell = (output: DispatcherOutput) => this.#outputs.push(output);
    const keep = (change: StoreChange) => this.#changes?.push(change);
    const children = new DispatchChildren(this.#scope, { tell, keep });
    const sync = new DispatchSync(children, tell);
    return { children, sync, restoration: new Restoration({ microgridId: this.#microgridId, children, tell }) };
  }

  /** One that is empty and was never in sync is as good as none. */
  #takeSnapshot({ synced, dispatches }: PersistedPool): void {
    this.#wasRestored = synced || dispatches.length > 0;
    if (!this.#wasRestored) return;
    this.#sync.restore(synced);
    this.#restoration.take(dispatches);
    this.#restoration.end(true);
  }

  /** Its actors were stopped for good: others take over where they stood. */
  #revive(): void {
    const persisted = this.persist();
    this.#isStopped = false;
    this.#outputs = [];
    this.#waiting = [];
    this.#toldHeadMs = null;
    this.#changes = null;
    this.#mustKeepAll = false;
    this.#toldSynced = false;
    ({ children: this.#children, sync: this.#sync, restoration: this.#restoration } = this.#makeParts());
    this.#takeSnapshot(persisted);
  }

  /** Takes in what the store brings; returns whether it is wanted. */
  #restore(event: RestoreEvent): boolean {
    switch (event.type) {
      case 'restore.started':
        if (this.#wasRestored) this.#keepAll();
        else this.#restoration.begin();
        break;
      case 'restore.brought':
        this.#restoration.take(event.dispatches);
        break;
      case 'restore.ended':
        this.#sync.restore(event.synced);
        this.#toldSynced = event.synced;
        this.#restoration.end(event.complete);
        if (this.#restoration.isIncomplete) this.#keepAll();
    }
    return this.#restoration.isLoading;
  }

  /** The store is to keep what is here, and nothing else. */
  #keepAll(): void {
    if (this.#changes !== null) this.#changes = [];
    this.#mustKeepAll = this.#changes !== null;
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

  #processDue(atMs: number): void {
    if (this.#restoration.isLoading || !this.#restoration.resume(atMs, sliceSize)) return;
    this.#children.wakeDue(atMs, sliceSize);
    while (this.#waiting.length > 0 && !this.#isOverdue(atMs)) {
      const event = this.#waiting.shift();
      // It is judged by the present instant: what was due until now is done.
      if (event !== undefined) this.#apply({ ...event, atMs });
    }
  }

  /** When the timer is to call, milliseconds since the epoch; null: not at all. */
  get #wantedMs(): number | null {
    if (this.#restoration.isLoading) return null;
    if (!this.#restoration.isPending) return this.#children.headMs;
    // At once, whatever the clock does meanwhile. Until the first instant came, only for what waits for it.
    return this.#restoration.isResuming || this.#waiting.length > 0 ? 0 : null;
  }

  #apply(event: SyncEvent): void {
    const more = this.#sync.apply(event);
    this.#flush();
    this.#tell({ type: 'pool.ready', more });
  }

  /** Says what there is to say, and when the pool is wanted next. */
  #report(): void {
    this.#flush();
    const headMs = this.#wantedMs;
    if (headMs === this.#toldHeadMs) return;
    this.#toldHeadMs = headMs;
    this.#tell({ type: 'agenda.moved', atMs: headMs });
  }

  #flush(): void {
    this.#flushChanges();
    if (this.#outputs.length === 0) return;
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#tell({ type: 'pool.reported', outputs });
  }

  /** The store first: what was announced is kept already when a listener ends the program. */
  #flushChanges(): void {
    const { synced } = this.#sync;
    const changes = this.#changes;
    if (changes === null || (changes.length === 0 && !this.#mustKeepAll && synced === this.#toldSynced)) return;
    this.#changes = [];
    this.#tell({
      type: 'pool.changed',
      changes,
      everything: this.#mustKeepAll ? this.#children.storeChanges() : null,
      synced,
    });
    this.#mustKeepAll = false;
    this.#toldSynced = synced;
  }
}
