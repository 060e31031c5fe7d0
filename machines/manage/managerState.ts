import type { AnyActorLogic, AnyActorRef, AnyEventObject } from 'xstate';
import { DispatchError, messageOf } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { isRunningNotification, type RunningNotification } from '../dispatch/runNotification.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import { isHeard } from '../xstate/isHeard.js';
import { parentOf } from '../xstate/parentOf.js';
import { sendFrom, sendToParentFrom } from '../xstate/sendFrom.js';
import { stopChildren } from '../xstate/stopChildren.js';
import { systemTimers } from '../xstate/systemTimers.js';
import type { Order } from './decision.js';
import type { DispatchInfo } from './dispatchInfo.js';
import { ManagedActor, type ManagedActorSetup } from './managedActor.js';
import { EndManaging, type ManagerEvent, WaitIsOver } from './managerEvent.js';
import type { CheckedOptions, ManagingClock } from './managingOptions.js';
import { Merger } from './merger.js';
import { registriesBeside } from './registriesBeside.js';
import type { TypeFilter } from './typeFilter.js';

/** What a manager is made of. */
export interface ManagerSetup {
  readonly logic: AnyActorLogic;
  readonly type: TypeFilter;
  /** Undefined: of all microgrids. */
  readonly microgridId: number | undefined;
  /** Undefined: the clock of the actor system. */
  readonly clock: ManagingClock | undefined;
  readonly options: CheckedOptions;
  /** Undefined: nobody is told. */
  readonly onRestart: ((dispatch: DispatchRecord) => void) | undefined;
  /** Undefined: problems go to the parent. */
  readonly onProblem: ((problem: DispatchError) => void) | undefined;
}

/** What a manager needs of its own actor. */
export interface ManagerScope {
  readonly self: AnyActorRef;
  readonly stopChild: (child: AnyActorRef) => void;
  readonly emit: (event: ProblemEvent) => void;
  readonly logger: (...args: unknown[]) => void;
}

/** The managed actors by identity: the public view of a manager, one live object. Its JSON is only its size. */
export interface ManagedActors {
  /** Number of identities that are wanted, or whose actor has not ended. */
  readonly size: number;
  identities(): IterableIterator<string>;
  /** The actor of an identity; undefined while there is none, because it has ended or waits to be started again. */
  actor(identity: string): AnyActorRef | undefined;
}

/** Persisted form of a manager, for people: nothing is restored from it. */
export interface PersistedManager {
  readonly identities: readonly { readonly identity: string; readonly dispatchIds: readonly number[] }[];
}

/** State of `managedActors`: one actor for each identity that is in force. */
export class ManagerState implements ManagedActors {
  readonly #scope: ManagerScope;
  readonly #setup: ManagerSetup;
  readonly #actorSetup: ManagedActorSetup;
  readonly #actors = new Map<string, ManagedActor>();
  #merger: Merger;
  #isEnding = false;
  /** Whether to begin with what runs; a restored one waits for the dispatcher to say what is in force. */
  #takesRunning: boolean;
  /** Ids of actors whose failure was told when they were stopped; the event that tells of it may still come. */
  readonly #toldFailed = new Set<string>();
  /** Microgrid of the last notification. */
  #microgridId: number;

  constructor(scope: ManagerScope, setup: ManagerSetup, { isRestored = false } = {}) {
    const { self } = scope;
    const { logic, options, clock, onRestart } = setup;
    this.#scope = scope;
    this.#setup = setup;
    this.#takesRunning = !isRestored;
    this.#microgridId = setup.microgridId ?? 0;
    this.#merger = this.#makeMerger();
    const setTimer = clock === undefined ? systemTimers(self) : clock.setTimer.bind(clock);
    this.#actorSetup = {
      logic,
      options,
      self,
      stopActor: (actor, order) => this.#stopActor(actor, order),
      infoOf: identity => this.#infoOf(identity),
      isOver: ({ run }) => run.endMs !== null && (clock?.nowMs?.() ?? Number.NEGATIVE_INFINITY) >= run.endMs,
      callLater: (identity, ms) => setTimer(() => sendFrom(self, self, new WaitIsOver(identity)), ms),
      onRestart: ({ dispatch }) => onRestart?.(dispatch),
      tell: (message, { dispatch }, cause) =>
        this.#tell(`the managed actor of dispatch ${dispatch.id} ${message}`, dispatch, cause),
    };
  }

  get size(): number {
    return this.#actors.size;
  }

  /** Whether it was told to end, and all its actors have ended. */
  get hasEnded(): boolean {
    return this.#isEnding && this.#actors.size === 0;
  }

  identities(): IterableIterator<string> {
    return this.#actors.keys();
  }

  actor(identity: string): AnyActorRef | undefined {
    return this.#actors.get(identity)?.actor;
  }

  toJSON(): { size: number } {
    return { size: this.size };
  }

  persist(): PersistedManager {
    const identities = [...this.#actors.keys()];
    return { identities: identities.map(identity => ({ identity, dispatchIds: this.#merger.idsOf(identity) })) };
  }

  /** Begins with what runs now. Also called after a stop, as React does with a root actor: it goes on as if it were restored. */
  start(): void {
    this.#merger = this.#makeMerger();
    this.#toldFailed.clear();
    if (!this.#takesRunning) return;
    this.#takesRunning = false;
    for (const registry of registriesBeside(this.#scope.self)) {
      for (const { dispatch, run } of registry.running()) {
        // It is known that it is not earlier than that.
        if (run !== null)
          this.#merge({ type: 'running.resumed', dispatch, run, cause: 'restore', atMs: run.startMs, lateMs: 0 });
      }
    }
    for (const [identity, order] of this.#merger.told) this.#want(identity, order);
  }

  /** Takes an event. Actors may send any to their parent: what only looks like one for the manager is ignored. */
  receive(event: ManagerEvent | AnyEventObject): void {
    if (event instanceof WaitIsOver) this.#with(event.identity, actor => actor.due());
    else if (event instanceof EndManaging) this.#end();
    else if (event.type === 'xstate.stop') this.#stop();
    else if (!isRunningNotification(event)) this.#takeEnd(event);
    else if (!this.#isEnding) this.#take(event);
  }

  #end(): void {
    this.#isEnding = true;
    for (const identity of [...this.#actors.keys()]) this.#with(identity, actor => actor.unwant());
  }

  #stop(): void {
    for (const actor of this.#actors.values()) actor.end();
    this.#actors.clear();
  }

  #makeMerger(): Merger {
    const { type, options } = this.#setup;
    return new Merger({
      type,
      strategy: options.mergeStrategy,
      records: () => this.#records(),
      onFailure: (cause, record) =>
        this.#tell(
          `the merge strategy of managed actors failed for dispatch ${record.id}: ${messageOf(cause)}`,
          record,
          cause,
        ),
    });
  }

  #take(notification: RunningNotification): void {
    for (const { identity, kind, dispatch, run } of this.#merge(notification)) {
      if (kind === 'stopped') this.#with(identity, actor => actor.unwant());
      else this.#want(identity, { dispatch, run });
    }
  }

  #merge(notification: RunningNotification) {
    const { microgridId } = notification.dispatch;
    if (microgridId !== (this.#setup.microgridId ?? microgridId)) return [];
    this.#microgridId = microgridId;
    return this.#merger.take(notification);
  }

  /** An actor ended: XState tells its parent. */
  #takeEnd(event: AnyEventObject): void {
    const [, outcome, identity] = /^xstate\.(done|error)\.actor\.(.*)$/s.exec(event.type) ?? [];
    if (identity === undefined) return;
    const order = this.#actors.get(identity)?.order;
    this.#with(identity, actor => actor.noteEnd(outcome === 'error'));
    if (outcome !== 'error' || this.#toldFailed.delete(identity)) return;
    const message = `failed: ${messageOf(event.error)}`;
    if (order !== undefined) this.#actorSetup.tell(message, order, event.error);
    else this.#tell(`a managed actor that was stopped, '${identity}', ${message}`, undefined, event.error);
  }

  #stopActor(actor: AnyActorRef, order: Order): void {
    this.#scope.stopChild(actor);
    const { status, error } = actor.getSnapshot();
    if (status !== 'error') return;
    stopChildren(actor);
    // Of a manager that is itself being stopped the event would come too late.
    this.#toldFailed.add(actor.id);
    this.#actorSetup.tell(`failed when it was stopped: ${messageOf(error)}`, order, error);
  }

  #want(identity: string, order: Order): void {
    if (!this.#actors.has(identity)) this.#actors.set(identity, new ManagedActor(identity, order, this.#actorSetup));
    this.#with(identity, actor => actor.want(order));
  }

  #with(identity: string, act: (actor: ManagedActor) => void): void {
    const actor = this.#actors.get(identity);
    if (actor === undefined) return;
    act(actor);
    if (actor.isDone) this.#actors.delete(identity);
  }

  #infoOf(identity: string): DispatchInfo {
    const order = this.#merger.told.get(identity);
    if (order === undefined) throw new Error('nothing is in force for this identity');
    const { id, type, selector, payload, dryRun } = order.dispatch;
    const dispatchIds = this.#merger.idsOf(identity);
    return { identity, type, dispatchId: id, dispatchIds, selector, payload, dryRun, untilMs: order.run.endMs };
  }

  #records(): DispatchRecord[] {
    return registriesBeside(this.#scope.self).flatMap(registry =>
      [...registry.ids()].flatMap(id => registry.get(id)?.dispatch ?? []),
    );
  }

  /** Tells whom the options name, or the parent and the listeners of its own actor; what nobody takes goes to the logger of the system. */
  #tell(message: string, record: DispatchRecord | undefined, cause?: unknown): void {
    const { self, emit, logger } = this.#scope;
    const microgridId = record?.microgridId ?? this.#microgridId;
    const problem = new DispatchError('CONSUMER_FAILED', message, { microgridId, dispatchId: record?.id, cause });
    if (this.#setup.onProblem !== undefined) {
      this.#setup.onProblem(problem);
      return;
    }
    const event: ProblemEvent = { type: 'dispatcher.problem', microgridId, problem };
    if (!isHeard(self, event)) logger(problem);
    emit(event);
    if (parentOf(self)?.getSnapshot().status === 'active') sendToParentFrom(self, event);
  }
}
