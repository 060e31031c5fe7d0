import { createActor, fromCallback } from 'xstate';
import { timerLogic } from '../../machines/actors/timerLogic.js';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { SourceCommand, SyncEvent } from '../../machines/protocol/messages.js';
import type { Dispatch } from '../dispatch.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { Deliveries } from './deliveries.js';
import type { DispatcherEvents } from './dispatcherOptions.js';
import { Listeners } from './listeners.js';

/** Number of dispatches that start at one instant. */
const dispatchCount = 32;
const durationMs = 1_800_000;

/** A private dispatcher with synthetic dispatches, on a clock of its own. */
export interface Rehearsal {
  /**
   * Plays some dispatches from creation to the end of their runs, without yielding to the event loop; they are deleted by the next
   * call. Returns the number of notifications that a receiver got.
   */
  play(): Promise<number>;
  /** The last item that the receiver got. */
  readonly lastHeard: Dispatch | undefined;
}

/**
 * Creates a private dispatcher that runs the same code as any dispatcher, from a due timer to a receiver. It has no timer, listener or
 * connection, and shares nothing with other dispatchers.
 *
 * @param startMs Start of its clock, milliseconds since the epoch: V8 optimises code for the size of numbers, so use the present time.
 */
export function rehearsal(startMs: number): Rehearsal {
  const clock = new RehearsalClock(startMs);
  const nowMs = () => clock.nowMs();
  let bring = (_: SyncEvent) => {};
  const source = fromCallback<SourceCommand, { microgridId: number }>(({ sendBack }) => {
    bring = sendBack;
  });
  const timer = timerLogic({ clock });
  const actor = createActor(dispatcherMachine.provide({ actors: { source, timer } }), { input: { microgridId: 0 } });
  const deliveries = new Deliveries({
    listeners: new Listeners<DispatcherEvents>(() => {}),
    nowMs,
    onCoalesced: () => {},
    registry: () => actor.getSnapshot().children.pool?.getSnapshot().context,
    report: () => {},
  });
  const receiver = deliveries.runningStatusChange.channel.newReceiver({ includeScheduledEnd: true });
  let dispatches: readonly DispatchRecord[] = [];
  let sent = 0;
  actor.on('*', output => {
    deliveries.take(output);
    if ('run' in output) sent += 1;
  });
  let lastHeard: Dispatch | undefined;
  const hearAll = async () => {
    const count = sent;
    for (; sent > 0; sent -= 1) lastHeard = await receiver.receive();
    return count;
  };
  actor.start();
  return {
    get lastHeard() {
      return lastHeard;
    },
    play: async () => {
      const changes = dispatches.map(({ id }) => ({ kind: 'deleted', id }) as const);
      bring({ type: 'sync.changed', atMs: nowMs(), changes, position: null });
      const startTimeMs = nowMs() + 1_000;
      dispatches = Array.from({ length: dispatchCount }, (_, i) => recordOf(i + 1, startTimeMs));
      bring({ type: 'sync.listed', atMs: nowMs(), dispatches, unreadableIds: [] });
      clock.advanceTo(startTimeMs);
      const started = await hearAll();
      clock.advanceTo(startTimeMs + durationMs);
      return started + (await hearAll());
    },
  };
}

/** A record with the fields in the order of the codec, so that V8 gives it the same hidden class; one in four has a rule. */
function recordOf(id: number, startTimeMs: number): DispatchRecord {
  return {
    id,
    microgridId: 0,
    type: 'REHEARSAL',
    startTimeMs,
    durationMs,
    selector: { ids: [id] },
    active: true,
    dryRun: true,
    payload: {},
    recurrence: id % 4 === 0 ? { frequency: 'DAILY', interval: 1 } : null,
    createTime: '1970-01-01T00:00:00.000000000Z',
    updateTime: '1970-01-01T00:00:00.000000000Z',
    endTimeMs: id % 4 === 0 ? null : startTimeMs + durationMs,
  };
}

/** A clock that moves only by {@link RehearsalClock.advanceTo}. */
class RehearsalClock implements Clock {
  #nowMs: number;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer);
    };
  }

  yield(callback: () => void): () => void {
    return this.setTimer(callback, 0);
  }

  /** Advances in one step, and calls each timer that became due once. */
  advanceTo(ms: number): void {
    this.#nowMs = ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= ms);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > ms);
    for (const { callback } of due) callback();
  }
}
