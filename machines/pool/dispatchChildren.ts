import type { ActorRefFrom, AnyActorRef } from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { isUnset } from '../../src/model/unsetClock.js';
import type { dispatchMachine } from '../dispatch/dispatchMachine.js';
import type { DispatchMachineEvent } from '../dispatch/dispatchPlan.js';
import type { RunNotification } from '../dispatch/runNotification.js';
import type { DispatcherOutput } from '../protocol/dispatcherOutput.js';
import type { StoreChange, StoredDispatch } from '../protocol/dispatcherStore.js';
import { sendFrom } from '../xstate/sendFrom.js';
import { stopInSlices } from '../xstate/stopInSlices.js';
import { Agenda, notInAgenda } from './agenda.js';
import {
  createChild,
  type DispatchChild,
  entryOf,
  listenToChildren,
  nextChangeOf,
  restoreChild,
  storedOf,
  toStoreChange,
} from './dispatchChild.js';
import type { DispatchRegistry, RegisteredDispatch } from './dispatchRegistry.js';

/** Listeners of the children. */
export interface ChildrenOutput {
  readonly tell: (output: DispatcherOutput) => void;
  /** The state of a child changed. */
  readonly keep: (change: StoreChange) => void;
}

/** What the children need of their parent, the pool actor. */
export interface PoolScope {
  readonly self: AnyActorRef;
  readonly stopChild: (child: AnyActorRef) => void;
}

/** The dispatch actors of a pool by id, and the agenda of their next changes. */
export class DispatchChildren implements DispatchRegistry {
  readonly #scope: PoolScope;
  readonly #tell: ChildrenOutput['tell'];
  readonly #keep: ChildrenOutput['keep'];
  readonly #children = new Map<number, DispatchChild>();
  readonly #agenda = new Agenda<DispatchChild>();
  #isStarted = false;
  #runningCount = 0;
  /** Latest time at which a child planned its next change, milliseconds since the epoch. */
  #latestPlanMs = Number.NEGATIVE_INFINITY;
  /** Whether the clock, which was never set before, was set. */
  #clockWasSet = false;

  constructor(scope: PoolScope, { tell, keep }: ChildrenOutput) {
    this.#scope = scope;
    this.#tell = tell;
    this.#keep = keep;
    listenToChildren(scope.self, notification => this.#pass(notification));
  }

  get size(): number {
    return this.#children.size;
  }

  get runningCount(): number {
    return this.#runningCount;
  }

  /** Time of the next change of any child, milliseconds since the epoch; null: none. */
  get headMs(): number | null {
    return this.#agenda.head()?.atMs ?? null;
  }

  get(id: number): RegisteredDispatch | undefined {
    const child = this.#children.get(id);
    return child && entryOf(child);
  }

  actor(id: number): ActorRefFrom<typeof dispatchMachine> | undefined {
    return this.#children.get(id)?.actor;
  }

  ids(): IterableIterator<number> {
    return this.#children.keys();
  }

  *running(): Generator<RegisteredDispatch> {
    for (const child of this.#children.values()) {
      if (child.isRunning && !child.awaitsResumption) yield entryOf(child);
    }
  }

  /** All children as JSON. */
  *stored(): Generator<StoredDispatch> {
    for (const child of this.#children.values()) yield storedOf(child);
  }

  /** All children as changes for the store: a live view, read when it is written. */
  storeChanges(): Iterable<StoreChange> {
    return { [Symbol.iterator]: () => this.#eachStoreChange() };
  }

  /** Adds a dispatch from a store or a snapshot without repeating its notifications. It runs from {@link start} on. */
  restore(stored: StoredDispatch): void {
    const child = restoreChild(this.#scope.self, stored);
    this.#children.set(child.id, child);
    if (this.#isStarted) this.#start(child);
  }

  /** Starts the restored children. */
  start(): void {
    this.#isStarted = true;
    for (const child of this.#children.values()) this.#start(child);
  }

  /** Resumes a dispatch that was restored while running. */
  resume(id: number, atMs: number): void {
    const child = this.#children.get(id);
    if (child === undefined) return;
    child.awaitsResumption = false;
    sendFrom(this.#scope.self, child.actor, { type: 'dispatch.restored', atMs });
  }

  stop(): void {
    stopInSlices(this.#scope, this.#children.values());
  }

  create(dispatch: DispatchRecord, atMs: number, cause: 'sync' | 'update'): void {
    this.#tell({ type: 'lifecycle.created', dispatch, atMs, notifiedMs: null });
    const child = createChild(this.#scope.self, { dispatch, atMs, cause });
    this.#children.set(child.id, child);
    this.#start(child);
    this.#keep(toStoreChange(child));
  }

  update(dispatch: DispatchRecord, atMs: number): void {
    this.#tellLifecycle('lifecycle.updated', dispatch, atMs);
    this.#send(dispatch.id, { type: 'dispatch.updated', atMs, dispatch });
  }

  delete(dispatch: DispatchRecord, atMs: number): void {
    this.#tellLifecycle('lifecycle.deleted', dispatch, atMs);
    this.#send(dispatch.id, { type: 'dispatch.deleted', atMs, dispatch });
    this.#drop(dispatch.id);
  }

  /** Sends `timer.due` to at most `limit` children that are due, in order. */
  wakeDue(atMs: number, limit: number): void {
    for (let left = limit; left > 0; left -= 1) {
      const head = this.#agenda.head();
      if (head === null || head.atMs > atMs) return;
      if (head.kind === 'forget') {
        this.#scope.stopChild(head.actor);
        this.#drop(head.id);
      } else this.#send(head.id, { type: this.#wasPlannedUnset(head) ? 'clock.set' : 'timer.due', atMs });
    }
  }

  /** After the clock was set for the first time: makes the children due that were planned before, outside a run. */
  makeDueAfterClockSet(atMs: number): void {
    this.#clockWasSet = true;
    for (const child of this.#children.values())
      if (this.#wasPlannedUnset(child)) this.#agenda.set(child, atMs, 'start');
  }

  /** After the clock was set back: makes the children due that planned at a later time, so that they plan again. */
  makeDueAfterStepTo(atMs: number): void {
    if (this.#latestPlanMs <= atMs) return;
    for (const child of this.#children.values()) {
      const snapshot = child.actor.getSnapshot();
      if (snapshot.context.atMs <= atMs) continue;
      // An overdue child keeps its position.
      const dueMs = child.place === notInAgenda ? atMs : Math.min(child.atMs, atMs);
      this.#agenda.set(child, dueMs, snapshot.matches('running') ? 'stop' : 'start');
    }
  }

  /** Removes a child whose machine failed and was stopped by XState. Consumers receive its deletion. */
  dropFailed(id: number, cause: unknown): void {
    const child = this.#children.get(id);
    if (child === undefined) return;
    const { dispatch, run, atMs } = child.actor.getSnapshot().context;
    this.#tellLifecycle('lifecycle.deleted', dispatch, atMs);
    if (run !== null) this.#tell({ type: 'running.stopped', dispatch, run, cause: 'delete', atMs, lateMs: 0 });
    this.#drop(id);
    const { microgridId } = dispatch;
    const details = { microgridId, dispatchId: id, cause };
    const problem = new DispatchError('INTERNAL', `the machine of dispatch ${id} failed`, details);
    this.#tell({ type: 'dispatcher.problem', microgridId, problem });
  }

  #wasPlannedUnset({ actor, isRunning }: DispatchChild): boolean {
    return this.#clockWasSet && !isRunning && isUnset(actor.getSnapshot().context.atMs);
  }

  *#eachStoreChange(): Generator<StoreChange> {
    for (const child of this.#children.values()) yield toStoreChange(child);
  }

  #drop(id: number): void {
    const child = this.#children.get(id);
    if (child === undefined) return;
    this.#children.delete(id);
    this.#agenda.delete(child);
    this.#keep({ kind: 'dropped', id });
    this.#count(child, false);
  }

  #count(child: DispatchChild, isRunning: boolean): void {
    this.#runningCount += Number(isRunning) - Number(child.isRunning);
    child.isRunning = isRunning;
  }

  #send(id: number, event: DispatchMachineEvent): void {
    const child = this.#children.get(id);
    if (child === undefined) return;
    const before = child.actor.getSnapshot();
    sendFrom(this.#scope.self, child.actor, event);
    this.#schedule(child);
    const after = child.actor.getSnapshot();
    if (after !== before && after.status === 'active') this.#keep(toStoreChange(child));
  }

  #start(child: DispatchChild): void {
    child.actor.start();
    this.#schedule(child);
  }

  #schedule(child: DispatchChild): void {
    const { status, context } = child.actor.getSnapshot();
    this.#latestPlanMs = Math.max(this.#latestPlanMs, context.atMs);
    this.#count(child, status === 'active' && context.run !== null);
    const change = status === 'active' ? nextChangeOf(context) : null;
    if (change === null) this.#agenda.delete(child);
    else this.#agenda.set(child, change.atMs, change.kind);
  }

  #tellLifecycle(type: 'lifecycle.updated' | 'lifecycle.deleted', dispatch: DispatchRecord, atMs: number): void {
    this.#tell({ type, dispatch, atMs, notifiedMs: this.#children.get(dispatch.id)?.notifiedMs ?? null });
  }

  #pass(notification: RunNotification): void {
    const child = this.#children.get(notification.dispatch.id);
    if (child !== undefined && notification.type !== 'run.missed' && notification.type !== 'running.resumed') {
      child.notifiedMs = notification.atMs + notification.lateMs;
    }
    this.#tell(notification);
  }
}
