import type { ActorRefFrom } from 'xstate';
import { type DispatcherContext, freshContext } from '../../machines/dispatcher/dispatcherContext.js';
import type { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import { connectionStatus } from '../../machines/dispatcher/dispatcherOutputs.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { SyncState } from '../../machines/protocol/dispatcherOutput.js';
import { processingOf } from '../../machines/xstate/processing.js';
import { stopChildren } from '../../machines/xstate/stopChildren.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import type { DispatcherStatus } from './dispatcherStatus.js';
import type { StoreLease } from './storeLease.js';

/** Maximum time in milliseconds for which the end waits for the store: one on a dead network drive may never answer. */
const storeLimitMs = 30_000;

/** What a {@link Lifecycle} is made of. What it calls must not throw, except `checkBeginning`. */
interface LifecycleSetup {
  readonly microgridId: number;
  readonly actor: ActorRefFrom<typeof dispatcherMachine>;
  readonly store: StoreLease | undefined;
  readonly clock: Pick<Clock, 'setTimer'>;
  /** Checks what the dispatcher begins from; throws a DispatchError. */
  readonly checkBeginning: () => void;
  /** Called when the dispatcher is about to run. */
  readonly onStart: () => void;
  /** Told what ends the dispatcher by itself, before the end, and problems of the end. */
  readonly report: (problem: DispatchError) => void;
  /** Called once, at the beginning of the end: releases everything but the store. */
  readonly release: () => void;
  /** Called once, at the end. */
  readonly onStopped: () => void;
}

/**
 * The life of a dispatcher as one state: `new`, `starting`, `running` (the states of its machine), `stopping`, `stopped`. There is
 * one way in, and one way out, which is taken when it is told to stop, when its actor is stopped or ends, and when a part fails.
 */
export class Lifecycle {
  readonly #setup: LifecycleSetup;
  #phase: 'new' | 'starting' | 'running' | 'stopping' | 'stopped' = 'new';
  #starting: Promise<void> | undefined;
  #failure: DispatchError | undefined;
  /** The actor that writes the store and closes it when it is stopped. */
  #storeActor: { getSnapshot(): { readonly status: string } } | undefined;
  readonly #ending = new AbortController();
  readonly #stopped = settledLater();
  readonly #storeClosed = settledLater();

  constructor(setup: LifecycleSetup) {
    this.#setup = setup;
    const { actor } = setup;
    actor.subscribe({ complete: () => this.#end(), error: cause => this.#fail(cause) });
    const first = actor.subscribe(() => {
      first.unsubscribe();
      this.#noteRunning();
    });
  }

  /** Aborts, with the error that tells of it, when the dispatcher begins to stop. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  get status(): DispatcherStatus {
    // A snapshot that cannot be restored leaves the actor without value and context.
    const { value, context }: { value: SyncState; context?: DispatcherContext } = this.#setup.actor.getSnapshot();
    const connection = connectionStatus(context ?? freshContext(this.#setup.microgridId));
    return {
      ...connection,
      state: this.#phase !== 'running' ? this.#phase : value === 'stopped' ? 'stopping' : value,
      retryAtMs: this.#phase === 'running' ? connection.retryAtMs : null,
      problem: this.#failure?.toJSON() ?? connection.problem,
    };
  }

  async start(): Promise<void> {
    this.#ending.signal.throwIfAborted();
    this.#starting ??= this.#begin().catch(error => {
      this.#starting = undefined;
      throw error;
    });
    await this.#starting;
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#stopped.promise;
  }

  /** Notes that the store actor has closed the store, with what went wrong in that. */
  noteStoreClosed(problem: DispatchError | undefined): void {
    if (problem !== undefined) this.#setup.report(problem);
    this.#storeClosed.settle();
  }

  async #begin(): Promise<void> {
    const { actor, store } = this.#setup;
    if (this.#phase === 'running') return;
    this.#checkBeginning();
    this.#endIfStopped();
    this.#phase = 'starting';
    if (store !== undefined) await this.#open(store);
    this.#endIfStopped();
    this.#noteRunning();
    try {
      actor.start();
    } catch (error) {
      this.#fail(error);
    }
    // A listener may have stopped it, or a part failed.
    this.#ending.signal.throwIfAborted();
  }

  /** The machine runs: {@link start} starts it now, or a program has started the actor itself. */
  #noteRunning(): void {
    const { actor, onStart } = this.#setup;
    if (this.#phase === 'running' || this.#ending.signal.aborted) return;
    this.#phase = 'running';
    this.#storeActor = actor.getSnapshot().children.store;
    onStart();
  }

  /** An actor that was stopped before its start tells nobody. */
  #endIfStopped(): void {
    if (processingOf(this.#setup.actor) === 'stopped') this.#end();
    this.#ending.signal.throwIfAborted();
  }

  /** What is wrong with the beginning stays wrong. */
  #checkBeginning(): void {
    try {
      this.#setup.checkBeginning();
    } catch (error) {
      this.#failure = DispatchError.from(error);
      this.#end();
      throw error;
    }
  }

  /** A store that fails otherwise than by being in use is no reason not to start: the machine meets and reports the failure. */
  async #open(store: StoreLease): Promise<void> {
    const { microgridId } = this.#setup;
    const opened = store.open({ microgridId }).then(
      () => undefined,
      error => DispatchError.from(error, { microgridId }),
    );
    // It may never be opened.
    const failure = await Promise.race([opened, this.#stopped.promise.then(() => undefined)]);
    this.#ending.signal.throwIfAborted();
    if (failure?.code !== 'UNAVAILABLE') return;
    this.#phase = 'new';
    throw failure;
  }

  #fail(cause: unknown): void {
    if (this.#ending.signal.aborted) return;
    const { microgridId, report } = this.#setup;
    const told = this.#setup.actor.getSnapshot().context?.problem?.message;
    // Of a part that failed the machine tells before it fails itself.
    const isTold = cause instanceof DispatchError && cause.message === told;
    const message = `the dispatcher failed: ${messageOf(cause)}`;
    this.#failure = isTold ? cause : new DispatchError('INTERNAL', message, { microgridId, cause });
    if (!isTold) report(this.#failure);
    this.#end();
  }

  #end(): void {
    if (this.#ending.signal.aborted) return;
    const wasRunning = this.#phase === 'running';
    this.#phase = 'stopping';
    this.#ending.abort(this.#stoppedError());
    this.#setup.release();
    if (wasRunning) this.#stopActor();
    const closing = this.#closeStore(wasRunning);
    if (closing === undefined) this.#finish();
    else this.#finishAfter(closing);
  }

  #finishAfter(closing: Promise<void>): void {
    const { clock, microgridId, report } = this.#setup;
    const giveUp = () => {
      const message = `the store was not closed within ${storeLimitMs / 1_000} s; its last changes may be lost, and it may stay locked`;
      report(new DispatchError('DEADLINE_EXCEEDED', message, { microgridId }));
      this.#finish();
    };
    const undo = clock.setTimer(giveUp, storeLimitMs);
    void closing.then(() => {
      undo();
      this.#finish();
    });
  }

  #stoppedError(): DispatchError {
    const failure = this.#failure;
    const { microgridId } = this.#setup;
    if (failure === undefined) return new DispatchError('STOPPED', 'the dispatcher was stopped', { microgridId });
    return new DispatchError('STOPPED', `the dispatcher stopped: ${failure.message}`, { microgridId, cause: failure });
  }

  #stopActor(): void {
    const { actor, report } = this.#setup;
    try {
      if (actor.getSnapshot().status === 'active') actor.send({ type: 'dispatcher.stop' });
    } catch (cause) {
      // An observer of the actor system threw, and the event may be lost.
      report(DispatchError.from(cause));
      actor.stop();
    }
    // XState leaves the children of a machine that failed as they are.
    if (actor.getSnapshot().status === 'error') stopChildren(actor);
  }

  #closeStore(wasRunning: boolean): Promise<void> | undefined {
    const { store, microgridId, report } = this.#setup;
    if (!store?.isOpen) return undefined;
    const isWriting = wasRunning && this.#storeActor?.getSnapshot().status !== 'error';
    // The last write may fail, so that the actor does not come to closing the store.
    const close = () => store.close({ microgridId });
    const closing = isWriting ? this.#storeClosed.promise.then(close) : close();
    return closing.catch(error => report(DispatchError.from(error, { microgridId })));
  }

  #finish(): void {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    this.#setup.onStopped();
    this.#stopped.settle();
  }
}

function settledLater(): { readonly promise: Promise<void>; readonly settle: () => void } {
  let settle = () => {};
  const promise = new Promise<void>(resolve => {
    settle = resolve;
  });
  return { promise, settle };
}
