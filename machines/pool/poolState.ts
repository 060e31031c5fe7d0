import type { ActorRefFrom } from 'xstate';
import type { dispatchMachine } from '../dispatch/dispatchMachine.js';
import { type DispatcherOutput, isRunNotification } from '../protocol/dispatcherOutput.js';
import { readSyncPosition, type StoreChange } from '../protocol/dispatcherStore.js';
import type { PoolEvent, PoolOutput, RestoreEvent, SyncEvent } from '../protocol/messages.js';
import { sendToParentFrom } from '../xstate/sendFrom.js';
import type { SystemEvent } from '../xstate/systemEvent.js';
import { DispatchChildren, type PoolScope } from './dispatchChildren.js';
import type { DispatchRegistry, RegisteredDispatch } from './dispatchRegistry.js';
import { DispatchSync } from './dispatchSync.js';
import type { PersistedPool } from './persistedPool.js';
import { Restoration } from './restoration.js';
import { StoreChanges } from './storeChanges.js';

/** Maximum number of dispatches that are woken or resumed per event; the timer checks the clock in between. */
const sliceSize = 64;

/**
 * State of {@link dispatchPool}: processes everything due before a change before the change itself, and sends the parent the outputs
 * of each event.
 */
export class PoolState implements DispatchRegistry {
  readonly #scope: PoolScope;
  readonly #microgridId: number;
  readonly #tell: (output: PoolOutput) => void;
  #children: DispatchChildren;
  #sync: DispatchSync;
  #restoration: Restoration;
  /** Whether its dispatches came from a snapshot; those of the store then do not count. */
  #wasRestored = false;
  #isStopped = false;
  /** Outputs to send at the end of the present event. */
  #outputs: DispatcherOutput[] = [];
  /** Changes that wait until everything due before them is processed. */
  #waiting: SyncEvent[] = [];
  #toldHeadMs: number | null = null;
  #changes = new StoreChanges();
  #wantsList = false;

  constructor(scope: PoolScope, microgridId: number, persisted?: PersistedPool) {
    this.#scope = scope;
    this.#microgridId = microgridId;
    this.#tell = output => sendToParentFrom(scope.self, output);
    ({ children: this.#children, sync: this.#sync, restoration: this.#restoration } = this.#makeParts());
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
    const { synced, position } = this.#sync;
    const dispatches = this.#restoration.isLoading ? [] : [...this.#children.stored()];
    return { microgridId: this.#microgridId, synced, position, dispatches };
  }

  /** Also called after a stop, as React does with a root actor: the pool then continues as if it were restored. */
  start(): void {
    if (this.#isStopped) this.#revive();
    this.#children.start();
    this.#report();
  }

  receive(event: PoolEvent | SystemEvent): void {
    if ('atMs' in event) this.#noteTime('fromMs' in event ? event.fromMs : event.atMs, event.atMs);
    switch (event.type) {
      case 'clock.wentBack':
        if (!this.#restoration.isLoading) this.#children.makeDueAfterStepTo(event.atMs);
        this.#processDue(event.atMs);
        break;
      case 'clock.set':
        // What an earlier dispatcher had planned was planned by a clock that was set.
        if (this.#restoration.count === 0) this.#children.makeDueAfterClockSet(event.atMs);
        this.#processDue(event.atMs);
        break;
      case 'timer.due':
        this.#processDue(event.atMs);
        break;
      case 'sync.began':
      case 'sync.listStarted':
      case 'sync.listed':
      case 'sync.listRead':
      case 'sync.listEnded':
      case 'sync.changed':
        if (this.#waiting.length > 0 || this.#restoration.isPending || this.#isOverdue(event.atMs)) this.#wait(event);
        else this.#apply(event);
        break;
      case 'changes.wanted':
        this.#changes.begin();
        break;
      case 'restore.started':
      case 'restore.brought':
      case 'restore.ended':
        this.#tellReady(this.#restore(event));
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
    const keep = (change: StoreChange) => this.#changes.add(change);
    const tell = (output: DispatcherOutput) => {
      this.#outputs.push(output);
      if (isRunNotification(output)) this.#changes.note(output);
    };
    const children = new DispatchChildren(this.#scope, { tell, keep });
    const sync = new DispatchSync(children, tell);
    return { children, sync, restoration: new Restoration({ microgridId: this.#microgridId, children, tell }) };
  }

  /** Restores a persisted pool; one that is empty and was never in sync counts as none. */
  #takeSnapshot({ synced, position = null, dispatches }: PersistedPool): void {
    this.#wasRestored = synced || dispatches.length > 0;
    if (!this.#wasRestored) return;
    this.#restoration.take(dispatches);
    this.#restoration.end(true);
    // A dispatch that cannot be restored is missing: only a list brings it back.
    this.#sync.restore(synced, this.#restoration.isIncomplete ? null : readSyncPosition(position));
  }

  /** Replaces actors that were stopped for good by new ones in the same state. */
  #revive(): void {
    const persisted = this.persist();
    this.#isStopped = false;
    this.#outputs = [];
    this.#waiting = [];
    this.#toldHeadMs = null;
    this.#changes = new StoreChanges();
    this.#wantsList = false;
    ({ children: this.#children, sync: this.#sync, restoration: this.#restoration } = this.#makeParts());
    this.#takeSnapshot(persisted);
  }

  /** Takes dispatches from the store; returns whether they are needed. */
  #restore(event: RestoreEvent): boolean {
    switch (event.type) {
      case 'restore.started':
        if (this.#wasRestored) this.#changes.replaceAll();
        else this.#restoration.begin();
        break;
      case 'restore.brought':
        this.#restoration.take(event.dispatches);
        break;
      case 'restore.ended':
        this.#sync.restore(event.synced, event.complete && !this.#restoration.isIncomplete ? event.position : null);
        this.#changes.wasSaved(event);
        this.#restoration.end(event.complete);
        if (this.#restoration.isIncomplete) this.#changes.replaceAll();
    }
    return this.#restoration.isLoading;
  }

  /** Whether anything was due before a time, and so must be processed before a change noticed at that time. */
  #isOverdue(atMs: number): boolean {
    const { headMs } = this.#children;
    return headMs !== null && headMs < atMs;
  }

  #wait(event: SyncEvent): void {
    this.#waiting.push(event);
    // After a suspend the timer still waits; make it check the clock now.
    this.#toldHeadMs = null;
  }

  #processDue(atMs: number): void {
    if (this.#restoration.isLoading || !this.#restoration.resume(atMs, sliceSize)) return;
    this.#children.wakeDue(atMs, sliceSize);
    while (this.#waiting.length > 0 && !this.#isOverdue(atMs)) {
      const event = this.#waiting.shift();
      // Evaluated at the present time: everything due until now is processed.
      if (event !== undefined) this.#apply({ ...event, atMs });
    }
  }

  /** When the timer must fire, milliseconds since the epoch; null: not at all. */
  get #wantedMs(): number | null {
    if (this.#restoration.isLoading) return null;
    if (!this.#restoration.isPending) return this.#children.headMs;
    // At once, whatever the clock does meanwhile. Before the first time is known, only for changes that wait for it.
    return this.#restoration.isResuming || this.#waiting.length > 0 ? 0 : null;
  }

  #apply(event: SyncEvent): void {
    const more = this.#sync.apply(event);
    this.#flush();
    this.#tellReady(more, event.type === 'sync.listRead' ? this.#sync.lackingIds(event.endFromMs) : undefined);
  }

  #tellReady(more: boolean, lacking?: readonly number[]): void {
    this.#tell({ type: 'pool.ready', more, position: this.#sync.position?.log ?? null, ...(lacking && { lacking }) });
  }

  /** After a step back of the clock, `latestMs` is the time before it. */
  #noteTime(latestMs: number, nowMs: number): void {
    this.#sync.noteTime(latestMs);
    const wantedList = this.#wantsList;
    this.#wantsList = this.#sync.isListWanted(nowMs);
    if (this.#wantsList && !wantedList) this.#tell({ type: 'list.wanted' });
  }

  /** Sends the outputs and the time of the next change. */
  #report(): void {
    this.#flush();
    const headMs = this.#wantedMs;
    if (headMs === this.#toldHeadMs) return;
    this.#toldHeadMs = headMs;
    this.#tell({ type: 'agenda.moved', atMs: headMs });
  }

  #flush(): void {
    // To the store first, so that a notification is stored even if a listener ends the program.
    const saved = this.#changes.take(this.#sync, () => this.#children.storeChanges());
    if (saved !== null) this.#tell(saved);
    if (this.#outputs.length === 0) return;
    this.#tell({ type: 'pool.reported', outputs: this.#outputs.splice(0) });
  }
}
