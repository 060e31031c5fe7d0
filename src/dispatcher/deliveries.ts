import type { DispatchRegistry } from '../../machines/pool/dispatchRegistry.js';
import type { DispatcherOutput } from '../../machines/protocol/dispatcherOutput.js';
import type { Dispatch, DispatchEvent } from '../dispatch.js';
import type { Logger } from '../logger.js';
import { type ChannelControl, createChannel } from './channel.js';
import { isScheduledEnd, netLifecycle, newestDispatch, type RunningStatusOptions } from './channels.js';
import { toDispatchEvent, toMissedRuns, toReplay, toRunningChange } from './conversions.js';
import type { DispatcherEvents } from './dispatcherOptions.js';
import type { Listeners } from './listeners.js';
import type { ReceiverOptions } from './receiver.js';

/** What {@link Deliveries} are made of. */
interface DeliveriesSetup {
  readonly listeners: Listeners<DispatcherEvents>;
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** The present set of dispatches; undefined before the start. */
  readonly registry: () => DispatchRegistry | undefined;
}

/** Brings what a dispatcher machine says about dispatches to listeners and receivers. */
export class Deliveries {
  readonly runningStatusChange: ChannelControl<Dispatch, RunningStatusOptions>;
  readonly lifecycleEvents: ChannelControl<DispatchEvent, ReceiverOptions>;
  readonly #setup: DeliveriesSetup;
  /** Those that were last told as running, and the cause of their replay: what a restore brings is replayed once it was told. */
  readonly #toldRunning = new Map<number, 'sync' | 'restore'>();

  constructor(setup: DeliveriesSetup) {
    const { logger } = setup;
    this.#setup = setup;
    this.runningStatusChange = createChannel({
      name: 'runningStatusChange',
      coalescing: newestDispatch,
      logger,
      accepts: (dispatch, { includeScheduledEnd = false }) => includeScheduledEnd || !isScheduledEnd(dispatch),
      replay: () => this.#running(),
    });
    this.lifecycleEvents = createChannel({ name: 'lifecycleEvents', coalescing: netLifecycle, logger });
  }

  /** Delivers an output, unless it is about the dispatcher itself. */
  take(output: DispatcherOutput): void {
    const { listeners, nowMs, registry } = this.#setup;
    switch (output.type) {
      case 'running.started':
      case 'running.resumed':
      case 'running.reconfigured':
      case 'running.stopped': {
        const { id } = output.dispatch;
        if (output.type === 'running.stopped') this.#toldRunning.delete(id);
        else this.#toldRunning.set(id, output.cause === 'restore' ? 'restore' : 'sync');
        const dispatch = toRunningChange(output, nowMs, registry()?.get(id)?.notifiedMs);
        this.runningStatusChange.send(dispatch);
        listeners.emit('running', dispatch);
        break;
      }
      case 'run.missed':
        listeners.emit('missed', toMissedRuns(output, nowMs));
        break;
      case 'lifecycle.created':
      case 'lifecycle.updated':
      case 'lifecycle.deleted': {
        // At the first sync there are as many as dispatches.
        if (!this.lifecycleEvents.hasReceivers && !listeners.has('lifecycle')) break;
        const event = toDispatchEvent(output, nowMs);
        this.lifecycleEvents.send(event);
        listeners.emit('lifecycle', event);
        break;
      }
      case 'dispatcher.restored':
        listeners.emit('restored', output.count);
    }
  }

  /** Closes every receiver. */
  close(): void {
    this.runningStatusChange.close();
    this.lifecycleEvents.close();
  }

  *#running(): Generator<Dispatch> {
    const { registry, nowMs } = this.#setup;
    for (const registered of registry()?.running() ?? []) {
      const cause = this.#toldRunning.get(registered.dispatch.id);
      const replay = cause && toReplay(registered, cause, nowMs);
      if (replay !== undefined) yield replay;
    }
  }
}
