import { type AnyActorLogic, type AnyActorRef, createActor } from 'xstate';
import { messageOf } from '../../src/model/dispatchError.js';
import { sendFrom } from '../xstate/sendFrom.js';
import { stopChildren } from '../xstate/stopChildren.js';
import type { Order } from './decision.js';
import type { DispatchInfo, ManagedActorEvent } from './dispatchInfo.js';
import type { CheckedOptions } from './managingOptions.js';

/** What the actors of a manager need of it. */
export interface ManagedActorSetup {
  readonly logic: AnyActorLogic;
  readonly options: CheckedOptions;
  readonly self: AnyActorRef;
  /** Stops the actor of an order at once, and reports it if that fails. */
  readonly stopActor: (actor: AnyActorRef, order: Order) => void;
  /** What is in force for an identity that is wanted. */
  readonly infoOf: (identity: string) => DispatchInfo;
  /** Whether a run is over, as far as the manager can know. */
  readonly isOver: (order: Order) => boolean;
  /** Calls {@link ManagedActor.due} later; returns the function that cancels it. */
  readonly callLater: (identity: string, delayMs: number) => () => void;
  /** Called before an actor that failed or ended is started again. */
  readonly onRestart: (order: Order) => void;
  /** Reports a problem with the actor of an order. */
  readonly tell: (message: string, order: Order, cause?: unknown) => void;
}

/**
 * The actor of one identity, and what it waits for.
 *
 * `running`: the actor exists. `finished`: it ended, and nothing happens before the next change. `retrying`: it ended, and is started
 * again later. `stopping`: it was asked to end. `none`: it does not exist.
 */
export class ManagedActor {
  readonly #identity: string;
  readonly #setup: ManagedActorSetup;
  #phase: 'none' | 'running' | 'finished' | 'retrying' | 'stopping' = 'none';
  #actor: AnyActorRef | undefined;
  #order: Order;
  #isWanted = false;
  #cancelTimer = () => {};

  constructor(identity: string, order: Order, setup: ManagedActorSetup) {
    this.#identity = identity;
    this.#order = order;
    this.#setup = setup;
  }

  /** The actor, while it exists. */
  get actor(): AnyActorRef | undefined {
    return this.#actor;
  }

  /** What was in force last. */
  get order(): Order {
    return this.#order;
  }

  /** Whether nothing is wanted and nothing is left of it. */
  get isDone(): boolean {
    return !this.#isWanted && this.#phase === 'none';
  }

  /** Something else is in force than before. */
  want(order: Order): void {
    const { options, infoOf } = this.#setup;
    this.#order = order;
    this.#isWanted = true;
    if (this.#phase === 'stopping') return;
    if (this.#phase !== 'running' || this.#hasEnded()) this.#start();
    else if (options.onReconfigure === 'restart') this.#stop();
    else this.#send({ type: 'dispatch.reconfigured', info: infoOf(this.#identity) });
  }

  /** Nothing is in force any more. */
  unwant(): void {
    this.#isWanted = false;
    if (this.#phase === 'running' && !this.#hasEnded()) this.#stop();
    else if (this.#phase !== 'stopping') this.#clear();
  }

  /** The system says that an actor of this identity ended; perhaps an earlier one. */
  noteEnd(hasFailed: boolean): void {
    if (this.#actor === undefined || !this.#hasEnded()) return;
    const { options, callLater } = this.#setup;
    const { restart, retryIntervalMs } = options;
    const wasStopping = this.#phase === 'stopping';
    this.#clear();
    if (wasStopping) {
      if (this.#isWanted) this.#start();
    } else if (hasFailed || restart === 'always') {
      this.#phase = 'retrying';
      this.#cancelTimer = callLater(this.#identity, retryIntervalMs);
    } else this.#phase = 'finished';
  }

  /** The time of a retry, or to stop, has come. */
  due(): void {
    const { options, isOver, onRestart, tell } = this.#setup;
    if (this.#phase === 'retrying') {
      // The stop of a run that is over comes; equipment must not be started before.
      if (isOver(this.#order)) this.#phase = 'finished';
      else {
        onRestart(this.#order);
        this.#start();
      }
    } else if (this.#phase === 'stopping') {
      tell(`did not end within ${options.stopTimeoutMs} ms and was stopped`, this.#order);
      this.#stopAtOnce();
    }
  }

  /** The manager is stopped, and its actors with it. */
  end(): void {
    this.#isWanted = false;
    this.#stopAtOnce();
  }

  #start(): void {
    const { logic, self, infoOf, tell, options, callLater } = this.#setup;
    this.#clear();
    try {
      const input = infoOf(this.#identity);
      const actor = createActor(logic, { id: this.#identity, parent: self, src: 'managedActor', input });
      this.#actor = actor;
      this.#phase = 'running';
      // An error of the logic comes as an event.
      actor.start();
    } catch (error) {
      this.#clear();
      this.#phase = 'retrying';
      this.#cancelTimer = callLater(this.#identity, options.retryIntervalMs);
      tell(`could not be started: ${messageOf(error)}`, this.#order, error);
    }
  }

  /** Stops the actor, which may take its time; a new one waits for that. */
  #stop(): void {
    const { options, callLater } = this.#setup;
    if (options.stopTimeoutMs === 0) {
      this.#stopAtOnce();
      return;
    }
    this.#phase = 'stopping';
    this.#cancelTimer = callLater(this.#identity, options.stopTimeoutMs);
    this.#send({ type: 'dispatch.stopped' });
  }

  #stopAtOnce(): void {
    const actor = this.#actor;
    this.#clear();
    if (actor !== undefined) this.#setup.stopActor(actor, this.#order);
    if (this.#isWanted) this.#start();
  }

  #clear(): void {
    if (this.#actor?.getSnapshot().status === 'error') stopChildren(this.#actor);
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    this.#actor = undefined;
    this.#phase = 'none';
  }

  #send(event: ManagedActorEvent): void {
    if (this.#actor !== undefined) sendFrom(this.#setup.self, this.#actor, event);
  }

  /** Whether the actor has ended, although the event that says so has not come yet. */
  #hasEnded(): boolean {
    return this.#actor?.getSnapshot().status !== 'active';
  }
}
