import type { Snapshot } from 'xstate';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import type { DispatchEvent } from '../../src/dispatch.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import type { Receiver } from '../../src/dispatcher/receiver.js';
import { type Logger, silentLogger } from '../../src/logger.js';
import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { type MemoryTransport, memoryTransport } from '../../src/testing/memoryTransport.js';
import {
  type NotificationRecorder,
  type RecordedNotification,
  recordNotifications,
} from '../../src/testing/recordNotifications.js';
import { type SimulatedClock, type SimulatedClockOptions, simulatedClock } from '../../src/testing/simulatedClock.js';
import { describeNotification } from './playDispatch.js';
import { at } from './time.js';

/** A dispatcher under a test's control, and what it said since it was looked at last. */
export interface TestDispatcher extends AsyncDisposable {
  readonly dispatcher: Dispatcher;
  readonly clock: SimulatedClock;
  readonly transport: MemoryTransport;
  /** Records what it says from before its start. */
  readonly recorder: NotificationRecorder;
  /** The problems so far. */
  readonly problems: DispatchError[];
  /** What it said since the last call but for problems, one line each, such as `1 started 10:00-10:30 by schedule at 10:00`. */
  said(): string[];
}

/** What {@link startDispatcher} makes a dispatcher of. */
export interface TestDispatcherOptions extends SimulatedClockOptions {
  readonly dispatches?: DispatchRecord[];
  readonly now?: string | number;
  readonly logger?: Logger;
  /** Whether to start it and wait for its first sync. */
  readonly sync?: boolean;
  readonly store?: DispatcherStore;
  readonly snapshot?: Snapshot<unknown>;
  /** The world of an earlier one, in place of `dispatches` and `now`. */
  readonly world?: { readonly clock: SimulatedClock; readonly transport: MemoryTransport };
}

/** Starts a dispatcher on a simulated clock and a service in memory, by default on Monday at 9; waits for its first sync. */
export async function startDispatcher(options: TestDispatcherOptions = {}): Promise<TestDispatcher> {
  const { dispatches = [], now = '09:00', logger = silentLogger, sync = true, store, snapshot } = options;
  const { clock, transport } = options.world ?? {
    clock: simulatedClock(typeof now === 'string' ? at(now) : now, options),
    transport: memoryTransport(dispatches),
  };
  const carriedOver = { ...(store && { store }), ...(snapshot && { snapshot }) };
  const dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger, ...carriedOver });
  const recorder = recordNotifications(dispatcher);
  if (sync) {
    await dispatcher.start();
    await dispatcher.ready();
  }
  return {
    dispatcher,
    clock,
    transport,
    recorder,
    get problems() {
      return recorder.all.flatMap(output => (output.type === 'dispatcher.problem' ? output.problem : []));
    },
    said: () => recorder.take().flatMap(describe),
    [Symbol.asyncDispose]: () => dispatcher.stop(),
  };
}

function describe(output: RecordedNotification): string[] {
  if (!('dispatch' in output)) return [];
  const { id } = output.dispatch;
  return [`${id} ${'run' in output ? describeNotification(output) : output.type.split('.')[1]}`];
}

/** Takes what a receiver holds, without waiting for more. */
export async function drain<T>(receiver: Receiver<T>): Promise<T[]> {
  const items: T[] = [];
  const nothingLeft = new Error('nothing is left');
  for (;;) {
    const controller = new AbortController();
    setImmediate(() => controller.abort(nothingLeft));
    const item = await receiver.receive(controller).catch(error => {
      if (error !== nothingLeft) throw error;
    });
    if (item === undefined) return items;
    items.push(item);
  }
}

/** A lifecycle event in two words. */
export function describeEvent({ type, dispatch }: DispatchEvent): string {
  return `${dispatch.id} ${type}`;
}
