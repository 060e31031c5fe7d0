import { type ActorRefFrom, createActor } from 'xstate';
import type { TimerOptions } from '../../machines/actors/timerLogic.js';
import { checkSnapshot } from '../../machines/dispatcher/checkSnapshot.js';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { DispatchRegistry } from '../../machines/pool/dispatchRegistry.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { DispatcherOutput } from '../../machines/protocol/dispatcherOutput.js';
import type { Transport } from '../../machines/protocol/transport.js';
import type { Dispatch } from '../dispatch.js';
import type { Logger } from '../logger.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import type { DispatcherObserver, ObserveDispatcher } from '../telemetry/dispatcherObserver.js';
import { actorsOf } from './actorsOf.js';
import { toDispatch } from './conversions.js';
import { Deliveries } from './deliveries.js';
import type { DispatcherEvents, DispatcherSettings } from './dispatcherOptions.js';
import { DispatchesView } from './dispatchesView.js';
import { FirstSync } from './firstSync.js';
import { guardedInspect, guardedLogger, guardedObserve } from './guarded.js';
import { Lifecycle } from './lifecycle.js';
import { Listeners } from './listeners.js';
import { Managers } from './managers.js';
import { Problems } from './problems.js';
import { StoreLease } from './storeLease.js';

/** What {@link DispatcherParts} are made of. */
interface PartsSetup extends Pick<DispatcherSettings, 'microgridId' | 'store' | 'snapshot' | 'inspect'> {
  readonly transport: Transport;
  /** Closes what the transport uses; called once, when the dispatcher begins to stop. */
  readonly disconnect: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called at the start. */
  readonly observe: ObserveDispatcher;
  readonly useSpareTime: TimerOptions['useSpareTime'];
}

/** The parts of one dispatcher, put together: the machine, and what brings its outputs to the program. */
export class DispatcherParts {
  readonly actor: ActorRefFrom<typeof dispatcherMachine>;
  readonly dispatches: ReadonlyMap<number, Dispatch>;
  readonly listeners: Listeners<DispatcherEvents>;
  readonly deliveries: Deliveries;
  readonly managers: Managers;
  readonly lifecycle: Lifecycle;
  readonly firstSync: FirstSync;
  readonly #problems: Problems;
  /** From the start on. */
  #registry: DispatchRegistry | undefined;
  /** From the start on. */
  #observer: DispatcherObserver | undefined;

  constructor(setup: PartsSetup) {
    const { microgridId, transport, clock, snapshot, useSpareTime, inspect } = setup;
    const log = guardedLogger(setup.logger);
    const nowMs = () => clock.nowMs();
    const report = (problem: DispatchError) => this.#problems.report(problem);
    this.listeners = new Listeners((problem, name) => {
      // A listener of problems that fails is not told of its own failure.
      if (name === 'problem') this.#problems.log(problem);
      else report(problem);
    });
    const tell = (problem: DispatchError) => {
      this.#observer?.problem(problem.code);
      return this.listeners.emit('problem', problem);
    };
    this.#problems = new Problems({ microgridId, logger: log, tell });
    this.firstSync = new FirstSync(clock, timeoutMs => this.#problems.late(timeoutMs));
    this.deliveries = new Deliveries({
      listeners: this.listeners,
      nowMs,
      onCoalesced: (slow, isFirst) => {
        if (isFirst) log.warn({ ...slow }, 'receiver is slow: its items are coalesced');
        this.#observer?.coalesced(slow);
      },
      registry: () => this.#registry,
      report,
    });
    this.dispatches = new DispatchesView(
      () => this.#registry,
      registered => toDispatch(registered, nowMs),
    );

    const store = setup.store && new StoreLease(setup.store);
    const onStoreClosed = (problem?: DispatchError) => this.lifecycle.noteStoreClosed(problem);
    const actors = actorsOf({ transport, clock, store, useSpareTime, onStoreClosed });
    this.actor = createActor(dispatcherMachine.provide({ actors }), {
      input: { microgridId },
      ...(inspect && { inspect: guardedInspect(inspect, cause => report(failureOf('inspector', cause))) }),
      ...(snapshot !== undefined && { snapshot }),
    });
    const onRestart = (type: string) => this.#observer?.restarted(type);
    this.managers = new Managers({ microgridId, dispatcher: this.actor, clock, report, onRestart });
    this.lifecycle = new Lifecycle({
      microgridId,
      actor: this.actor,
      store,
      clock,
      checkBeginning: () => {
        if (snapshot !== undefined) checkSnapshot(snapshot, microgridId);
      },
      onStart: () => this.#begin(setup),
      report,
      release: () => {
        this.#observer?.end();
        this.listeners.clear('sync');
        this.managers.close();
        this.deliveries.close();
        setup.disconnect();
      },
      onStopped: () => {
        this.listeners.emit('sync', this.lifecycle.status);
        this.listeners.clear();
      },
    });
    this.actor.on('*', output => this.#take(output));
  }

  #begin({ microgridId, clock, observe }: PartsSetup): void {
    const registry = this.actor.getSnapshot().children.pool?.getSnapshot().context;
    if (registry === undefined) return;
    this.#registry = registry;
    const fail = (cause: unknown) => this.#problems.report(failureOf('measuring', cause));
    const status = () => this.lifecycle.status;
    this.#observer = guardedObserve(observe, fail)({ microgridId, registry, nowMs: () => clock.nowMs(), status });
  }

  #take(output: DispatcherOutput): void {
    // Once it was stopped, the rest of a burst reaches nobody.
    if (this.lifecycle.ending.aborted) return;
    this.#observer?.take(output);
    if (output.type === 'dispatcher.problem') this.#problems.report(output.problem);
    else if (output.type !== 'dispatcher.sync') {
      this.deliveries.take(output);
      this.managers.take(output);
    } else if (output.status.state !== 'stopped') {
      // The end is told when it has come.
      if (output.status.state === 'live') this.firstSync.done();
      this.listeners.emit('sync', output.status);
    }
  }
}

function failureOf(what: 'inspector' | 'measuring', cause: unknown): DispatchError {
  return new DispatchError('CONSUMER_FAILED', `the ${what} failed: ${messageOf(cause)}`, { cause });
}
