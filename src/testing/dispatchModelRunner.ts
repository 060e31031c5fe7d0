import type { DispatchRecord } from '../model/dispatchRecord.js';
import { runAt, startAtOrAfter } from '../model/schedule.js';
import type { DispatchModelEvent } from './dispatchModel.js';
import { dispatchRecord } from './dispatchRecord.js';
import { type MemoryTransport, memoryTransport } from './memoryTransport.js';
import { type SimulatedClock, simulatedClock } from './simulatedClock.js';

/** Options of {@link dispatchModelRunner}. */
export interface DispatchModelRunnerOptions {
  /** Fields that matter to the consumer, such as the type. The model decides when it runs. @default type `TEST`, runs of one minute */
  readonly dispatch?: Partial<Omit<DispatchRecord, 'startTimeMs' | 'recurrence' | 'active' | 'endTimeMs'>> | undefined;
  /** Changes that `reconfigure` makes, and the next `reconfigure` reverts. @default `{ payload: { reconfigured: true } }` */
  readonly reconfigured?: Partial<Pick<DispatchRecord, 'selector' | 'payload' | 'dryRun'>> | undefined;
}

/** An in-memory service and a clock that play the events of `dispatchModel` with one dispatch. */
export interface DispatchModelRunner {
  /** Transport for the dispatcher under test. */
  readonly transport: MemoryTransport;
  /** Clock for the dispatcher, and for the consumer if it has timers. It starts at Monday, 2026-03-02T10:00Z. */
  readonly clock: SimulatedClock;
  /** Functions that play an event and everything that follows from it, for `path.test({ events, … })`. */
  readonly events: { readonly [Type in DispatchModelEvent['type']]: () => Promise<void> };
  /** The dispatch as the service has it; undefined before its creation and after its deletion. */
  readonly dispatch: DispatchRecord | undefined;
}

const startMs = Date.UTC(2026, 2, 2, 10);
const minuteMs = 60_000;

/** Time from the creation of a dispatch, or from its postponement, to its run. */
const leadMs = minuteMs;

/**
 * Creates a runner for one path that `xstate/graph` derives from `dispatchModel`: a dispatcher with its clock and transport
 * experiences the events of the path.
 *
 * @throws RangeError when `dispatch.durationMs` is not positive: a run of the model has a start and an end.
 */
export function dispatchModelRunner(options: DispatchModelRunnerOptions = {}): DispatchModelRunner {
  const { dispatch: fields = {}, reconfigured = { payload: { reconfigured: true } } } = options;
  const { durationMs = minuteMs } = fields;
  if (durationMs === null || !(durationMs > 0)) {
    throw new RangeError(`dispatch.durationMs must be positive, got ${durationMs}`);
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
    if (present === undefined) throw new Error('the path must begin with the creation of the dispatch');
    return present;
  };
  const update = (changes: Partial<DispatchRecord>) => {
    present = transport.update(held().id, changes);
    return clock.settle();
  };
  const advanceTo = (ms: number | null | undefined) => {
    if (ms == null) throw new Error('the dispatch has no such time: the path must be one of the model');
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
