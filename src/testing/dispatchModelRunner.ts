import type { DispatchRecord } from '../model/dispatchRecord.js';
import { runAt, startAtOrAfter } from '../model/schedule.js';
import type { DispatchModelEvent } from './dispatchModel.js';
import { dispatchRecord } from './dispatchRecord.js';
import { type MemoryTransport, memoryTransport } from './memoryTransport.js';
import { type SimulatedClock, simulatedClock } from './simulatedClock.js';

/** What {@link dispatchModelRunner} makes its dispatch of. */
export interface DispatchModelRunnerOptions {
  /** What matters about the dispatch to the consumer, such as its type; when it runs is up to the model. @default `TEST`, runs of a minute */
  readonly dispatch?: Partial<Omit<DispatchRecord, 'startTimeMs' | 'recurrence' | 'active' | 'endTimeMs'>>;
  /** What `reconfigure` changes, and the next one takes back. @default `{ payload: { reconfigured: true } }` */
  readonly reconfigured?: Partial<Pick<DispatchRecord, 'selector' | 'payload' | 'dryRun'>>;
}

/** A service and a clock on which the events of `dispatchModel` happen to one dispatch. */
export interface DispatchModelRunner {
  /** For the dispatcher that is to follow the dispatch. */
  readonly transport: MemoryTransport;
  /** For the dispatcher, and for the consumer if it has timers of its own. Monday, 2026-03-02T10:00Z at first. */
  readonly clock: SimulatedClock;
  /** Makes an event happen, with what follows from it; for `path.test({ events, … })`. */
  readonly events: { readonly [Type in DispatchModelEvent['type']]: () => Promise<void> };
  /** The dispatch as the service has it, undefined while it has none. */
  readonly dispatch: DispatchRecord | undefined;
}

const startMs = Date.UTC(2026, 2, 2, 10);
const minuteMs = 60_000;

/** So long before its run a dispatch is created, or put off to. */
const leadMs = minuteMs;

/**
 * Plays the paths that `xstate/graph` makes from `dispatchModel`, one runner for each path: a dispatcher on its clock and
 * transport goes through what the path says.
 *
 * @throws RangeError when `dispatch.durationMs` is not positive: a run of the model has a beginning and an end.
 */
export function dispatchModelRunner(options: DispatchModelRunnerOptions = {}): DispatchModelRunner {
  const { dispatch: fields = {}, reconfigured = { payload: { reconfigured: true } } } = options;
  const { durationMs = minuteMs } = fields;
  if (durationMs === null || !(durationMs > 0)) {
    throw new RangeError(`dispatch.durationMs must be positive, not ${durationMs}`);
  }
  const base = dispatchRecord({ ...fields, durationMs, startTimeMs: startMs });
  const clock = simulatedClock(startMs);
  const transport = memoryTransport();
  let present: DispatchRecord | undefined;
  let isReconfigured = false;

  const create = (changes: Partial<DispatchRecord>) => {
    present = { ...base, ...changes };
    transport.put(present);
    return clock.settle();
  };
  const held = () => {
    if (present === undefined) throw new Error('there is no dispatch: the path does not begin with its creation');
    return present;
  };
  const update = (changes: Partial<DispatchRecord>) => {
    present = transport.update(held().id, changes);
    return clock.settle();
  };
  const advanceTo = (ms: number | null | undefined) => {
    if (ms == null) throw new Error('the dispatch has no such instant: the path is not one of the model');
    return clock.advanceTo(ms);
  };

  return {
    clock,
    transport,
    get dispatch() {
      return present;
    },
    events: {
      create: async () => create({ startTimeMs: clock.nowMs() + leadMs }),
      createRecurring: async () => {
        const interval = 2 * Math.ceil(durationMs / minuteMs);
        return create({ startTimeMs: clock.nowMs() + leadMs, recurrence: { frequency: 'MINUTELY', interval } });
      },
      createNow: async () => create({ startTimeMs: clock.nowMs() }),
      // An inactive dispatch has no runs, but the time of one may come.
      start: async () => advanceTo(startAtOrAfter({ ...held(), active: true }, clock.nowMs())),
      end: async () => advanceTo(runAt(held(), clock.nowMs())?.endMs),
      reconfigure: async () => {
        isReconfigured = !isReconfigured;
        const { selector, payload, dryRun } = base;
        return update(isReconfigured ? reconfigured : { selector, payload, dryRun });
      },
      putOff: async () => update({ startTimeMs: clock.nowMs() + leadMs }),
      prolong: async () => update({ durationMs: clock.nowMs() - held().startTimeMs + durationMs }),
      deactivate: async () => update({ active: false }),
      activate: async () => update({ active: true }),
      delete: async () => {
        transport.delete(held().id);
        present = undefined;
        return clock.settle();
      },
    },
  };
}
