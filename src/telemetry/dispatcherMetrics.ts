import type { Attributes, BatchObservableResult, Meter } from '@opentelemetry/api';
import type { SyncState } from '../../machines/protocol/dispatcherOutput.js';
import type { DispatchErrorCode } from '../model/dispatchError.js';
import type { DispatcherObserver, ObservedDispatcher } from './dispatcherObserver.js';

/** Bounds of the lateness, in seconds: milliseconds when all is well, minutes after a suspend. */
const latenessBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600];

/** States of a dispatcher that has not been stopped. */
const states: readonly SyncState[] = ['starting', 'connecting', 'catchingUp', 'live', 'waiting'];

/**
 * Measures one dispatcher until it ends.
 *
 * Names, units and attributes follow the general guidelines of OpenTelemetry (semantic conventions 1.45.0, `docs/general/naming.md` and
 * `docs/general/metrics.md`): durations in seconds, counts in units such as `{run}`, no `total` in names, only counters in the plural, a state
 * as a `status` of 1 or 0 with the state as an attribute, and `error.type` for the kind of an error.
 */
export function dispatcherMetrics(meter: Meter, dispatcher: ObservedDispatcher): DispatcherObserver {
  const ofMicrogrid = { 'dispatcher.microgrid.id': dispatcher.microgridId };
  const { startLateness, stopLateness, reconnects, missedRuns, coalescedItems, restarts, problems } = counted(meter);
  const endObserving = observeState(meter, dispatcher, ofMicrogrid);
  let hasConnected = false;

  return {
    take(output) {
      switch (output.type) {
        case 'running.started':
          if (output.cause === 'schedule') startLateness.record(output.lateMs / 1000, ofMicrogrid);
          break;
        case 'running.stopped':
          if (output.cause === 'schedule') stopLateness.record(output.lateMs / 1000, ofMicrogrid);
          break;
        case 'run.missed':
          missedRuns.add(output.count, ofMicrogrid);
          break;
        case 'dispatcher.sync':
          if (output.status.state !== 'connecting') break;
          if (hasConnected) reconnects.add(1, { ...ofMicrogrid, ...errorType(output.status.problem?.code) });
          hasConnected = true;
      }
    },
    problem: code => problems.add(1, { ...ofMicrogrid, ...errorType(code) }),
    coalesced: ({ channel, receiver }) =>
      coalescedItems.add(1, { ...ofMicrogrid, 'dispatcher.channel': channel, 'dispatcher.receiver': receiver }),
    restarted: type => restarts.add(1, { ...ofMicrogrid, 'dispatcher.dispatch.type': type }),
    end: endObserving,
  };
}

/** What is counted when it happens. A meter returns the same instruments each time. */
function counted(meter: Meter) {
  const lateness = (what: string) => ({
    unit: 's',
    advice: { explicitBucketBoundaries: latenessBounds },
    description: `Time from the scheduled ${what} of a run until it was announced.`,
  });
  return {
    startLateness: meter.createHistogram('dispatcher.start.lateness', lateness('start')),
    stopLateness: meter.createHistogram('dispatcher.stop.lateness', lateness('end')),
    reconnects: meter.createCounter('dispatcher.reconnects', {
      unit: '{attempt}',
      description: 'Attempts to connect to the service again after a connection was lost or could not be made.',
    }),
    missedRuns: meter.createCounter('dispatcher.missed_runs', {
      unit: '{run}',
      description: 'Whole runs that passed unnoticed.',
    }),
    coalescedItems: meter.createCounter('dispatcher.coalesced_items', {
      unit: '{item}',
      description: 'Items of receivers that were merged with a later one because the receiver was read too slowly.',
    }),
    restarts: meter.createCounter('dispatcher.managed_actor.restarts', {
      unit: '{restart}',
      description: 'Managed actors that were started again after they had failed or ended.',
    }),
    problems: meter.createCounter('dispatcher.problems', { unit: '{problem}', description: 'Reported problems.' }),
  };
}

/** What is read each time that metrics are read. */
function gauges(meter: Meter) {
  return {
    known: meter.createObservableGauge('dispatcher.dispatch.known', {
      unit: '{dispatch}',
      description: 'Dispatches that the dispatcher knows.',
    }),
    running: meter.createObservableGauge('dispatcher.dispatch.running', {
      unit: '{dispatch}',
      description: 'Dispatches that run.',
    }),
    status: meter.createObservableGauge('dispatcher.sync.status', {
      unit: '1',
      description: '1 for the present state of the dispatcher, 0 for every other one.',
    }),
    age: meter.createObservableGauge('dispatcher.sync.age', {
      unit: 's',
      description: 'Time since data last arrived from the service.',
    }),
  };
}

type Gauges = ReturnType<typeof gauges>;

/** Observes a dispatcher each time that metrics are read; returns how to end that. */
function observeState(meter: Meter, dispatcher: ObservedDispatcher, ofMicrogrid: Attributes): () => void {
  const read = gauges(meter);
  const observe = (result: BatchObservableResult) => {
    const { state, lastContactMs } = dispatcher.status();
    result.observe(read.known, dispatcher.registry.size, ofMicrogrid);
    result.observe(read.running, dispatcher.registry.runningCount, ofMicrogrid);
    observeStatus(result, read, ofMicrogrid, state);
    if (lastContactMs === null) return;
    // The wall clock may have gone back.
    result.observe(read.age, Math.max(0, dispatcher.nowMs() - lastContactMs) / 1000, ofMicrogrid);
  };
  const all = Object.values(read);
  meter.addBatchObservableCallback(observe, all);
  return () => {
    meter.removeBatchObservableCallback(observe, all);
    observeEnd(meter, read, ofMicrogrid);
  };
}

function observeStatus(result: BatchObservableResult, { status }: Gauges, ofMicrogrid: Attributes, present?: string) {
  for (const state of states) {
    result.observe(status, state === present ? 1 : 0, { ...ofMicrogrid, 'dispatcher.sync.state': state });
  }
}

/**
 * Observes a dispatcher that has ended, the next time that metrics are read: nothing runs, and no state is the present one. Without it, readers of
 * cumulative values would go on with what was observed last, which the SDK for JavaScript keeps for ever.
 *
 * Apart from {@link observeState}, whose variables hold the dispatcher.
 */
function observeEnd(meter: Meter, read: Gauges, ofMicrogrid: Attributes): void {
  const { known, running, status } = read;
  const all = [known, running, status];
  const observe = (result: BatchObservableResult) => {
    result.observe(known, 0, ofMicrogrid);
    result.observe(running, 0, ofMicrogrid);
    observeStatus(result, read, ofMicrogrid);
    // Not at once: the SDK goes through the list of callbacks.
    queueMicrotask(() => meter.removeBatchObservableCallback(observe, all));
  };
  meter.addBatchObservableCallback(observe, all);
}

function errorType(code: DispatchErrorCode | undefined): Attributes {
  return code === undefined ? {} : { 'error.type': code };
}
