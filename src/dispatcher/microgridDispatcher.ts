import type { ActorRefFrom, AnyActorLogic } from 'xstate';
import type { TimerOptions } from '../../machines/actors/timerLogic.js';
import type { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { LogicOfDispatch } from '../../machines/manage/managedActors.js';
import type { ManagingOptions } from '../../machines/manage/managingOptions.js';
import type { TypeFilter } from '../../machines/manage/typeFilter.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { Transport } from '../../machines/protocol/transport.js';
import type { MicrogridClient } from '../client/microgridClient.js';
import type { ServiceClient } from '../client/serviceClient.js';
import type { Dispatch, DispatchEvent } from '../dispatch.js';
import { consoleLogger } from '../logger.js';
import type { ObserveDispatcher } from '../telemetry/dispatcherObserver.js';
import type { Channel } from './channel.js';
import type { RunningStatusOptions } from './channels.js';
import type { DispatcherEvents, DispatcherSettings } from './dispatcherOptions.js';
import { DispatcherParts } from './dispatcherParts.js';
import type { DispatcherStatus } from './dispatcherStatus.js';
import type { ReadyOptions } from './firstSync.js';
import type { ListenerOptions } from './listeners.js';
import type { RunningStateOptions } from './mergedReceivers.js';
import type { Receiver } from './receiver.js';
import { systemClock } from './systemClock.js';

/** What a dispatcher has of its entry point. */
export interface DispatcherHost {
  readonly transport: Transport;
  /** The client of the transport; undefined: the transport is the program's own. The dispatcher closes it. */
  readonly client: ServiceClient | undefined;
  /** Called at the start. @default nobody observes it */
  readonly observe?: ObserveDispatcher | undefined;
  /** Uses the time in which nothing is due. */
  readonly useSpareTime?: TimerOptions['useSpareTime'];
}

/**
 * Keeps the dispatches of one microgrid in sync with the dispatch service, and tells programs when each dispatch starts, must be
 * reconfigured, or stops.
 *
 * A dispatcher is started once and stopped once. {@link stop}, the end of its {@link actor} and the failure of a part all
 * end it in the same way.
 */
export class MicrogridDispatcher implements AsyncDisposable {
  readonly microgridId: number;
  /** The root XState actor: of `dispatcherMachine`, with the pool of dispatches below it. Stopping it stops the dispatcher. */
  readonly actor: ActorRefFrom<typeof dispatcherMachine>;
  /** The present dispatches by id; a live view. */
  readonly dispatches: ReadonlyMap<number, Dispatch>;
  /**
   * Every start and reconfiguration of a run, and every stop except one that came by reaching the scheduled end. A new
   * receiver first gets the dispatches that run now.
   */
  readonly runningStatusChange: Channel<Dispatch, RunningStatusOptions>;
  /** Created, updated and deleted dispatches; each event comes before the changes of runs that it causes. */
  readonly lifecycleEvents: Channel<DispatchEvent>;
  readonly #parts: DispatcherParts;
  readonly #client: ServiceClient | undefined;

  /**
   * @param connect Called when the other options are valid.
   * @throws RangeError when the microgrid id is invalid.
   */
  constructor(settings: DispatcherSettings, connect: (clock: Clock) => DispatcherHost) {
    const { microgridId, clock = systemClock, logger = consoleLogger } = settings;
    if (!Number.isSafeInteger(microgridId) || microgridId < 0) {
      throw new RangeError(`microgridId must be an integer from 0 to 2^53-1, not ${microgridId}`);
    }
    this.microgridId = microgridId;
    const { client, transport, observe = () => undefined, useSpareTime } = connect(clock);
    this.#client = client;
    const disconnect = () => client?.close();
    const parts = new DispatcherParts({ ...settings, transport, clock, logger, observe, useSpareTime, disconnect });
    this.#parts = parts;
    this.actor = parts.actor;
    this.dispatches = parts.dispatches;
    this.runningStatusChange = parts.deliveries.runningStatusChange.channel;
    this.lifecycleEvents = parts.deliveries.lifecycleEvents.channel;
  }

  /** The client for its microgrid. Throws an Error when the dispatcher was given a transport of its own. */
  get client(): MicrogridClient {
    if (this.#client !== undefined) return this.#client.forMicrogrid(this.microgridId);
    throw new Error('this dispatcher has a transport of its own, and so no client');
  }

  /** Its present state, and the state of its connection to the service. */
  get status(): DispatcherStatus {
    return this.#parts.lifecycle.status;
  }

  /**
   * Starts the dispatcher; does not wait for the network. A started dispatcher keeps the process alive until {@link stop}. Calls
   * after the first one do nothing.
   *
   * @throws DispatchError of `checkSnapshot` (`xstate-dispatch/machines`) when `snapshot` cannot be restored: the dispatcher has then
   * stopped. `UNAVAILABLE` when another process, or another dispatcher of this one, uses the store; `start` may then be called again.
   * `STOPPED` when the dispatcher was stopped before or meanwhile.
   */
  async start(): Promise<void> {
    await this.#parts.lifecycle.start();
  }

  /**
   * Waits until the first sync is done.
   *
   * @throws DispatchError `STOPPED` when the dispatcher was stopped before or meanwhile; `DEADLINE_EXCEEDED` after `timeoutMs`,
   * with the last problem in the message. The reason of `signal` when that aborts.
   */
  async ready(options: ReadyOptions = {}): Promise<void> {
    await this.#parts.firstSync.wait(options, this.#parts.lifecycle.ending);
  }

  /**
   * Creates a receiver of starts, reconfigurations and all stops of the dispatches of one type, several types, or all (`'*'`). It first
   * gets what is in force now.
   *
   * With a `mergeStrategy` the dispatches of one identity are one: what was delivered last for it is what is wanted now, and it is stopped
   * once, when none is left. When the dispatch in force goes and another one remains, that is delivered as `reconfigured` with the cause
   * `handover`. Above `limit`, items of one identity are coalesced.
   *
   * @throws RangeError when the limit is not a positive integer.
   */
  newRunningStateReceiver(type: TypeFilter, options: RunningStateOptions = {}): Receiver<Dispatch> {
    return this.#parts.deliveries.runningState.open(type, options);
  }

  /**
   * Runs an XState actor while dispatches of one type, several types, or all (`'*'`) do: one actor for each identity by the merge
   * strategy, by default one for each dispatch. Its input is the {@link DispatchInfo}; what else it is told depends on the options. The
   * dispatches that run already get their actors at once.
   *
   * An actor that fails, cannot be started or does not end in time is reported as a problem. Types that are managed already stay as they
   * are, which is a problem, too. {@link stop} stops all actors at once; to give them their `stopTimeoutMs`, await {@link stopManaging} before.
   *
   * @param logic Any XState logic: a machine, a promise, a callback, an observable or a transition.
   * @throws RangeError when an option is out of range.
   * @throws DispatchError `STOPPED` when the dispatcher was stopped.
   */
  startManaging<TLogic extends AnyActorLogic>(
    type: TypeFilter,
    logic: LogicOfDispatch<TLogic>,
    options: ManagingOptions = {},
  ): void {
    this.#parts.lifecycle.ending.throwIfAborted();
    this.#parts.managers.start<TLogic>(type, logic, options);
  }

  /**
   * Ends what {@link startManaging} began with the same types. Resolves when the actors have ended, each within its `stopTimeoutMs`; the
   * same types may be managed again at once, and new actors then wait for that.
   */
  async stopManaging(type: TypeFilter): Promise<void> {
    await this.#parts.managers.end(type);
  }

  /** Whether these types are managed: {@link startManaging} was called with the same types, in any order. */
  isManaged(type: TypeFilter): boolean {
    return this.#parts.managers.has(type);
  }

  /**
   * Adds a listener; returns the undo. An exception of a listener is reported as a problem.
   *
   * A listener is not called after its undo, nor after {@link stop} was called, but that `sync` tells `stopped` in the end.
   */
  on<K extends keyof DispatcherEvents>(
    name: K,
    listener: (payload: DispatcherEvents[K]) => unknown,
    options?: ListenerOptions,
  ): () => void {
    return this.#parts.listeners.on(name, listener, options);
  }

  /**
   * Stops the dispatcher for good: closes its receivers, its connection and its timers at once, then writes and closes the store, for
   * which it waits 30 s at most. Never rejects.
   */
  async stop(): Promise<void> {
    await this.#parts.lifecycle.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
