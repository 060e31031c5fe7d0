import { createActor, fromCallback } from 'xstate';
import { timerLogic } from '../../machines/actors/timerLogic.js';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { SourceCommand, SyncEvent } from '../../machines/protocol/messages.js';
import type { Dispatch } from '../dispatch.js';
import { silentLogger } from '../logger.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { Deliveries } from './deliveries.js';
import type { DispatcherEvents } from './dispatcherOptions.js';
import { Listeners } from './listeners.js';

/** Dispatches of a rehearsal that start at one instant. */
const dispatchCount = 32;
const durationMs = 1_800_000;

/** A dispatcher of its own, with dispatches that nobody has, on a clock that runs ahead. */
export interface Rehearsal {
  /**
   * Plays some dispatches through their whole life, without a turn of the event loop, but for their end: that comes with the
   * next ones. Returns how many notifications a receiver got.
   */
  play(): Promise<number>;
  /** What the receiver got last. */
  readonly lastHeard: Dispatch | undefined;
}

/**
 * Makes a dispatcher that goes through the code which any dispatcher goes through from a due timer to a receiver, so that it is
 * compiled. It does nothing by itself, nobody outside sees it, and it holds nothing that must be let go of.
 *
 * @param startMs when its clock begins, milliseconds since the epoch: numbers of another size would be compiled in another way
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
    logger: silentLogger,
    registry: () => actor.getSnapshot().children.pool?.getSnapshot().context,
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
      bring({ type: 'sync.changed', atMs: nowMs(), changes });
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

/** As the codec makes it, with its fields in the same order; one in four has a rule. */
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

/** A clock that stands still until it is told to go on. */
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

  /** Goes on in one step, and calls back what was due meanwhile once. */
  advanceTo(ms: number): void {
    this.#nowMs = ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= ms);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > ms);
    for (const { callback } of due) callback();
  }
}
