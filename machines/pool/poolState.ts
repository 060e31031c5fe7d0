import type { ActorRefFrom } from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import type { dispatchMachine } from '../dispatch/dispatchMachine.js';
import type { DispatcherOutput } from '../protocol/dispatcherOutput.js';
import type { StoreChange, StoredDispatch } from '../protocol/dispatcherStore.js';
import type { PoolEvent, PoolOutput, RestoreEvent, SyncEvent } from '../protocol/messages.js';
import { sendToParentFrom } from '../xstate/sendFrom.js';
import { DispatchChildren, type PoolScope } from './dispatchChildren.js';
import type { DispatchRegistry, RegisteredDispatch } from './dispatchRegistry.js';
import { DispatchSync } from './dispatchSync.js';

/** A pool as JSON. */
export interface PersistedPool {
  readonly microgridId: number;
  readonly synced: boolean;
  readonly dispatches: readonly StoredDispatch[];
}

/** What the actor system tells an actor beside its own events. */
export type SystemEvent =
  | { readonly type: 'xstate.stop' }
  | { readonly type: `xstate.error.actor.${string}`; readonly error: unknown }
  | { readonly type: `xstate.done.actor.${string}` };

/** So many dispatches are woken for one event; the timer looks at the clock in between. */
const sliceSize = 64;

/**
 * The inside of {@link dispatchPool}: sees to it that what was due before a change is worked off before it, and tells
 * the parent what comes of each event.
 */
export class PoolState implements DispatchRegistry {
  readonly #children: DispatchChildren;
  readonly #sync: DispatchSync;
  readonly #tell: (output: PoolOutput) => void;
  readonly #microgridId: number;
  readonly #wasRestored: boolean;
  /** What is to be said at the end of the present event. */
  #outputs: DispatcherOutput[] = [];
  /** Changes that wait until what was due before them is worked off. */
  readonly #waiting: SyncEvent[] = [];
  #toldHeadMs: number | null = null;
  /** While the store brings dispatches, time stands still: what is due is worked off in order once all are there. */
  #isRestoring = false;
  #lostInRestore = false;
  /** What the store is to be told at the end of the present event; null when there is no store. */
  #changes: StoreChange[] | null = null;
  #mustKeepAll = false;
  #toldSynced = false;

  constructor(scope: PoolScope, microgridId: number, persisted?: PersistedPool) {
    this.#microgridId = microgridId;
    this.#tell = output => sendToParentFrom(scope.self, output);
    const tell = (output: DispatcherOutput) => this.#outputs.push(output);
    const keep = (change: StoreChange) => this.#changes?.push(change);
    this.#children = new DispatchChildren(scope, { tell, keep }, persisted?.dispatches);
    this.#sync = new DispatchSync(this.#children, tell, persisted?.synced ?? false);
    this.#wasRestored = persisted !== undefined;
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
    return { microgridId: this.#microgridId, synced: this.#sync.synced, dispatches: [...this.#children.stored()] };
  }

  start(): void {
    this.#children.start();
    if (this.#wasRestored) this.#sayRestored();
    this.#report();
  }

  receive(event: PoolEvent | SystemEvent): void {
    switch (event.type) {
      case 'clock.wentBack':
        this.#children.makeDueAfterStepTo(event.atMs);
        this.#processDue(event.atMs);
        break;
      case 'timer.due':
        this.#processDue(event.atMs);
        break;
      case 'sync.listStarted':
      case 'sync.listed':
      case 'sync.listEnded':
      case 'sync.changed':
        if (this.#waiting.length > 0 || this.#isOverdue(event.atMs)) this.#wait(event);
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
        this.#children.stop();
        break;
      default:
        if ('error' in event) this.#children.dropFailed(Number(event.type.split('.').at(-1)), event.error);
    }
    this.#report();
  }

  /** Takes in what the store brings; returns whether it is wanted. */
  #restore(event: RestoreEvent): boolean {
    switch (event.type) {
      case 'restore.started':
        this.#isRestoring = !this.#wasRestored;
        if (this.#wasRestored) this.#keepAll();
        break;
      case 'restore.brought':
        for (const stored of event.dispatches) this.#restoreOne(stored);
        break;
      case 'restore.ended':
        this.#isRestoring = false;
        this.#sync.restore(event.synced);
        this.#toldSynced = event.synced;
        if (this.#lostInRestore || !event.complete) this.#keepAll();
        // It may be from a time that this clock has not reached yet.
        this.#children.makeDueAfterStepTo(event.atMs);
        this.#sayRestored();
    }
    return this.#isRestoring;
  }

  #sayRestored(): void {
    this.#outputs.push({ type: 'dispatcher.restored', microgridId: this.#microgridId, count: this.size });
  }

  #restoreOne(stored: StoredDispatch): void {
    try {
      this.#children.restore(stored);
    } catch (cause) {
      this.#lostInRestore = true;
      const message = 'a dispatch of the store cannot be restored';
      const microgridId = this.#microgridId;
      const problem = new DispatchError('DATA_LOSS', message, { microgridId, cause });
      this.#outputs.push({ type: 'dispatcher.problem', microgridId, problem });
    }
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
    if (this.#isRestoring) return;
    this.#children.wakeDue(atMs, sliceSize);
    while (this.#waiting.length > 0 && !this.#isOverdue(atMs)) {
      const event = this.#waiting.shift();
      // It is judged by the present instant: what was due until now is done.
      if (event !== undefined) this.#apply({ ...event, atMs });
    }
  }

  #apply(event: SyncEvent): void {
    const more = this.#sync.apply(event);
    this.#flush();
    this.#tell({ type: 'pool.ready', more });
  }

  /** Says what there is to say, and when the pool is wanted next. */
  #report(): void {
    this.#flush();
    const headMs = this.#isRestoring ? null : this.#children.headMs;
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
