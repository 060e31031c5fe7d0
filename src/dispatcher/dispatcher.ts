import { type ActorRefFrom, createActor } from 'xstate';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { DispatchRegistry } from '../../machines/pool/dispatchRegistry.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { DispatcherOutput, SyncState } from '../../machines/protocol/dispatcherOutput.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { DispatchClient } from '../client/dispatchClient.js';
import type { MicrogridClient } from '../client/microgridClient.js';
import type { Dispatch, DispatchEvent } from '../dispatch.js';
import { consoleLogger } from '../logger.js';
import { DispatchError } from '../model/dispatchError.js';
import { Channel } from './channel.js';
import { isScheduledEnd, netLifecycle, newestDispatch, type RunningStatusOptions } from './channels.js';
import { clientTransport } from './clientTransport.js';
import { toDispatch, toDispatchEvent, toMissedRuns, toReplay, toRunningChange } from './deliveries.js';
import { dispatcherActors } from './dispatcherActors.js';
import type { DispatcherEvents, DispatcherOptions } from './dispatcherOptions.js';
import type { DispatcherState, DispatcherStatus } from './dispatcherStatus.js';
import { DispatchesView } from './dispatchesView.js';
import { Listeners } from './listeners.js';
import { Problems } from './problems.js';
import { systemClock } from './systemClock.js';
import { stoppedError, untilLive } from './untilLive.js';

/**
 * Keeps the dispatches of one microgrid in step with their service, and tells programs when each one starts, must be
 * reconfigured, or stops.
 */
export class Dispatcher implements AsyncDisposable {
  readonly microgridId: number;
  /** The root XState actor: of `dispatcherMachine`, with the pool of dispatches below it. */
  readonly actor: ActorRefFrom<typeof dispatcherMachine>;
  /** The present set of dispatches by id; a live view. */
  readonly dispatches: ReadonlyMap<number, Dispatch>;
  /**
   * Every start and reconfiguration of a run, and every stop except one that came by reaching the scheduled end. A new
   * receiver first gets the dispatches that run now.
   */
  readonly runningStatusChange: Channel<Dispatch, RunningStatusOptions>;
  /** Created, updated and deleted dispatches; each comes before what it changes about runs. */
  readonly lifecycleEvents: Channel<DispatchEvent>;
  readonly #clock: Clock;
  readonly #nowMs: () => number;
  readonly #problems: Problems;
  readonly #listeners: Listeners<DispatcherEvents>;
  readonly #client: DispatchClient | undefined;
  readonly #store: DispatcherStore | undefined;
  #starting: Promise<void> | undefined;
  /** Fulfilled when the store of a dispatcher that was started is written and closed. */
  #storeClosed: Promise<void> = Promise.resolve();
  #onStoreClosed = () => {};
  #registry: DispatchRegistry | undefined;
  #synced = false;
  #stopped = false;

  constructor(options: DispatcherOptions) {
    const { microgridId, clock = systemClock, logger = consoleLogger, inspect, snapshot, store } = options;
    if (!Number.isSafeInteger(microgridId) || microgridId < 0) {
      throw new RangeError(`microgridId must be an integer from 0 to 2^53-1, not ${microgridId}`);
    }
    this.microgridId = microgridId;
    if (!('transport' in options)) this.#client = new DispatchClient(options);
    const transport = 'transport' in options ? options.transport : clientTransport(this.#connected(), clock);
    this.#clock = clock;
    this.#store = store;
    this.#nowMs = () => clock.nowMs();
    this.#listeners = new Listeners((problem, name) => {
      // A listener of problems that fails is not told of its own failure.
      if (name === 'problem') this.#problems.log(problem);
      else this.#problems.report(problem);
    });
    const tell = (problem: DispatchError) => this.#listeners.emit('problem', problem);
    this.#problems = new Problems({ microgridId, logger, tell });
    this.runningStatusChange = new Channel({
      name: 'runningStatusChange',
      coalescing: newestDispatch,
      logger,
      accepts: (dispatch, { includeScheduledEnd = false }) => includeScheduledEnd || !isScheduledEnd(dispatch),
      replay: () => this.#runningNow(),
    });
    this.lifecycleEvents = new Channel({ name: 'lifecycleEvents', coalescing: netLifecycle, logger });
    this.dispatches = new DispatchesView(
      () => this.#registry,
      registered => toDispatch(registered, this.#nowMs),
    );
    const actors = dispatcherActors({
      transport,
      clock,
      store,
      onStoreClosed: problem => this.#noteStoreClosed(problem),
    });
    this.actor = createActor(dispatcherMachine.provide({ actors }), {
      input: { microgridId },
      ...(inspect && { inspect }),
      ...(snapshot && { snapshot }),
    });
    this.actor.on('*', output => this.#take(output));
    this.actor.subscribe({ error: cause => this.#fail(cause) });
  }

  /** The client of its microgrid. Throws an Error when the dispatcher was given a transport of its own. */
  get client(): MicrogridClient {
    return this.#connected().forMicrogrid(this.microgridId);
  }

  /** Its state, and its connection to the service, at present. */
  get status(): DispatcherStatus {
    const { value, context } = this.actor.getSnapshot();
    const { lastContactMs, retryAtMs, problem } = context;
    return { state: this.#state(value), lastContactMs, retryAtMs, problem };
  }

  /**
   * Starts it; does not wait for the network. A started dispatcher keeps the process alive until {@link stop}.
   *
   * @throws DispatchError `STOPPED` when it was stopped: a dispatcher lives once. `UNAVAILABLE` when its store is in
   * use by another process; then it may be started again.
   */
  async start(): Promise<void> {
    if (this.#stopped) throw stoppedError();
    this.#starting ??= this.#start().catch(error => {
      this.#starting = undefined;
      throw error;
    });
    await this.#starting;
  }

  /**
   * Waits until the first sync is done.
   *
   * @throws DispatchError `STOPPED` when it is stopped before or meanwhile; `DEADLINE_EXCEEDED` after `timeoutMs`, with
   * the last problem in its message. The reason of `signal` when that aborts.
   */
  async ready(options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<void> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options;
    signal?.throwIfAborted();
    if (this.#stopped) throw stoppedError();
    if (this.#synced) return;
    await untilLive({
      onStatus: listener => this.#listeners.on('sync', listener),
      clock: this.#clock,
      signal,
      timeoutMs,
      lateError: () => this.#problems.late(timeoutMs),
    });
  }

  /** Adds a listener; returns its undo. A listener that throws is reported as a problem. */
  on<K extends keyof DispatcherEvents>(name: K, listener: (payload: DispatcherEvents[K]) => unknown): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Stops it for good: closes its receivers, its connection and its timers. */
  async stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      if (this.#registry === undefined) this.#takeStatus({ ...this.status, state: 'stopped' });
      else this.actor.send({ type: 'dispatcher.stop' });
    }
    // Whoever started it is told why that failed.
    await Promise.allSettled([this.#starting]);
    await this.#storeClosed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(): Promise<void> {
    if (this.#store !== undefined) {
      await this.#store.open({ microgridId: this.microgridId });
      if (this.#stopped) {
        await this.#store.close({ microgridId: this.microgridId });
        throw stoppedError();
      }
      this.#storeClosed = new Promise(resolve => {
        this.#onStoreClosed = resolve;
      });
    }
    this.#registry = this.actor.getSnapshot().children.pool?.getSnapshot().context;
    this.actor.start();
  }

  #noteStoreClosed(problem: DispatchError | undefined): void {
    if (problem !== undefined) this.#problems.log(problem);
    this.#onStoreClosed();
  }

  #take(output: DispatcherOutput): void {
    // Once somebody stopped it, what was under way reaches nobody.
    if (this.#stopped && output.type !== 'dispatcher.sync') return;
    switch (output.type) {
      case 'running.started':
      case 'running.resumed':
      case 'running.reconfigured':
      case 'running.stopped': {
        const dispatch = toRunningChange(output, this.#nowMs, this.#registry?.get(output.dispatch.id)?.notifiedMs);
        this.runningStatusChange.send(dispatch);
        this.#listeners.emit('running', dispatch);
        break;
      }
      case 'run.missed':
        this.#listeners.emit('missed', toMissedRuns(output, this.#nowMs));
        break;
      case 'dispatcher.restored':
        this.runningStatusChange.replay();
        this.#listeners.emit('restored', output.count);
        break;
      case 'dispatcher.sync':
        this.#takeStatus(output.status);
        break;
      case 'dispatcher.problem':
        this.#problems.report(output.problem);
        break;
      default: {
        const event = toDispatchEvent(output, this.#nowMs);
        this.lifecycleEvents.send(event);
        this.#listeners.emit('lifecycle', event);
      }
    }
  }

  #state(value: SyncState): DispatcherState {
    if (this.#stopped) return 'stopped';
    if (this.#registry !== undefined) return value;
    return this.#starting === undefined ? 'new' : 'starting';
  }

  #takeStatus(status: DispatcherStatus): void {
    if (status.state === 'live') this.#synced = true;
    if (status.state === 'stopped') this.#stopped = true;
    this.#listeners.emit('sync', status);
    if (status.state !== 'stopped') return;
    this.runningStatusChange.close();
    this.lifecycleEvents.close();
    this.#client?.close();
  }

  #connected(): DispatchClient {
    if (this.#client !== undefined) return this.#client;
    throw new Error('this dispatcher has a transport of its own, and so no client');
  }

  /** The machine itself failed, which ends it. */
  #fail(cause: unknown): void {
    this.#problems.report(new DispatchError('INTERNAL', 'the dispatcher failed; it stopped', { cause }));
    this.#takeStatus({ ...this.status, state: 'stopped' });
  }

  *#runningNow(): Generator<Dispatch> {
    for (const registered of this.#registry?.running() ?? []) {
      const replay = toReplay(registered, this.#nowMs);
      if (replay !== undefined) yield replay;
    }
  }
}
