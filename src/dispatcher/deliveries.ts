import type { RunningNotification } from '../../machines/dispatch/runNotification.js';
import type { DispatchRegistry } from '../../machines/pool/dispatchRegistry.js';
import type { DispatcherOutput } from '../../machines/protocol/dispatcherOutput.js';
import type { Dispatch, DispatchEvent } from '../dispatch.js';
import type { DispatchError } from '../model/dispatchError.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { type ChannelControl, createChannel } from './channel.js';
import { isScheduledEnd, netLifecycle, newestDispatch, type RunningStatusOptions } from './channels.js';
import { toDispatchEvent, toMissedRuns, toReplay, toRunningChange } from './conversions.js';
import type { DispatcherEvents } from './dispatcherOptions.js';
import type { Listeners } from './listeners.js';
import { MergedReceivers } from './mergedReceivers.js';
import type { ReceiverOptions } from './receiver.js';
import type { OnCoalesced } from './receiverSet.js';

/** What {@link Deliveries} are made of. */
interface DeliveriesSetup {
  readonly listeners: Listeners<DispatcherEvents>;
  readonly nowMs: () => number;
  readonly onCoalesced: OnCoalesced;
  /** The present set of dispatches; undefined before the start. */
  readonly registry: () => DispatchRegistry | undefined;
  /** Told what a program's own code threw. It must not throw. */
  readonly report: (problem: DispatchError) => void;
}

/** Brings what a dispatcher machine says about dispatches to listeners and receivers. */
export class Deliveries {
  readonly runningStatusChange: ChannelControl<Dispatch, RunningStatusOptions>;
  readonly lifecycleEvents: ChannelControl<DispatchEvent, ReceiverOptions>;
  /** Receivers of running-state changes by type, merged. */
  readonly runningState: MergedReceivers;
  readonly #setup: DeliveriesSetup;
  /** The last notification of each dispatch that was told to run: what a restore brings is replayed once it was told. */
  readonly #toldRunning = new Map<number, RunningNotification>();

  constructor(setup: DeliveriesSetup) {
    const { onCoalesced, nowMs, report } = setup;
    this.#setup = setup;
    this.runningStatusChange = createChannel({
      name: 'runningStatusChange',
      coalescing: newestDispatch,
      onCoalesced,
      accepts: (dispatch, { includeScheduledEnd = false }) => includeScheduledEnd || !isScheduledEnd(dispatch),
      replay: () => this.#running(),
    });
    this.lifecycleEvents = createChannel({ name: 'lifecycleEvents', coalescing: netLifecycle, onCoalesced });
    this.runningState = new MergedReceivers({
      onCoalesced,
      nowMs,
      report,
      running: this.#toldRunning,
      records: () => this.#records(),
      notifiedMs: id => setup.registry()?.get(id)?.notifiedMs ?? null,
    });
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
        else this.#toldRunning.set(id, output);
        const dispatch = toRunningChange(output, nowMs, registry()?.get(id)?.notifiedMs);
        this.runningStatusChange.send(dispatch);
        this.runningState.send(output, dispatch);
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
    this.runningState.close();
  }

  *#running(): Generator<Dispatch> {
    const { registry, nowMs } = this.#setup;
    for (const { dispatch, run, notifiedMs } of registry()?.running() ?? []) {
      const told = this.#toldRunning.get(dispatch.id);
      if (told !== undefined && run !== null) yield toReplay({ dispatch, run }, told, { nowMs, heldMs: notifiedMs });
    }
  }

  #records(): DispatchRecord[] {
    const held = this.#setup.registry();
    return [...(held?.ids() ?? [])].flatMap(id => held?.get(id)?.dispatch ?? []);
  }
}
