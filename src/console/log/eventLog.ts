import type { ActorLogic, ActorRefFrom, AnyActorRef, InspectionEvent, Snapshot } from 'xstate';
import { notificationData } from '../../../machines/dispatch/notificationData.js';
import { isRunningNotification, type RunMissed } from '../../../machines/dispatch/runNotification.js';
import { dispatcherOf, dispatchSnapshot, isDispatch } from '../../../machines/inspect/inspectedActors.js';
import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import { parentOf } from '../../../machines/xstate/parentOf.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { Interval } from '../timeline/segment.js';
import { type DeliveredRun, DeliveryRecorder } from '../travel/deliveryRecorder.js';

/** An output of a dispatcher, as the log of the console keeps it. */
export interface LogEntry {
  /** Number of the entry: 1, 2, 3, … */
  readonly seq: number;
  readonly microgridId: number;
  /** When it came, milliseconds since the epoch. */
  readonly atMs: number;
  readonly output: DispatcherOutput;
  /** Of an update, the dispatch as it was before; null: it was not known, or it is no update. */
  readonly before: DispatchRecord | null;
}

/** A transition of the machine of a dispatch. */
export interface DispatchTransition {
  /** Number of the transition: 1, 2, 3, … */
  readonly seq: number;
  readonly microgridId: number;
  readonly dispatchId: number;
  /** When it was taken, milliseconds since the epoch. */
  readonly atMs: number;
  /** Type of the event that caused it. */
  readonly event: string;
  readonly from: string;
  readonly to: string;
}

/** Maximum number of times of missed runs that are kept of a dispatch. */
const maxMissedTimes = 100;

/** Maximum number of transitions that are kept. */
const maxTransitions = 2_000;

/** Maximum number of entries that are kept. */
const maxLogEntries = 5_000;

/** The log of the console, a live object. */
export interface EventLog {
  /** Number of entries so far, also of those that are not kept any more. */
  readonly count: number;
  /** Number of missed runs so far, by microgrid. */
  missed(microgridId: number): number;
  /** When starts were missed, by dispatch: from the first to the last, both included. */
  missedStarts(microgridId: number): ReadonlyMap<number, readonly Interval[]>;
  /** What was delivered of runs since the dispatcher began. */
  delivered(microgridId: number): readonly DeliveredRun[];
  /** Delay of the last start or stop by the schedule, in milliseconds, by microgrid; null: there was none. */
  lagMs(microgridId: number): number | null;
  /** Entries that are kept, newest first. */
  newestFirst(): IterableIterator<LogEntry>;
  /** The last transitions of a dispatch that are kept, newest first. */
  transitionsOf(microgridId: number, dispatchId: number): readonly DispatchTransition[];
}

/** Events to the log: the dispatcher of a microgrid whose outputs it is to keep. */
export interface LogWatch {
  readonly type: 'log.watch';
  readonly microgridId: number;
  readonly dispatcher: AnyActorRef;
}

/** Snapshot of the log: its context is the {@link EventLog}. */
export type EventLogSnapshot = Snapshot<undefined> & { readonly context: EventLog };

/** Type of {@link eventLogOf}. */
export type EventLogLogic = ActorLogic<EventLogSnapshot, LogWatch | LogTold, undefined>;

/** Sent by the log to itself. */
interface LogTold {
  readonly type: 'log.told';
}

/** The event log among the children of the console; undefined before it has begun. */
export function eventLogIn(children: { readonly log?: unknown }): EventLog | undefined {
  return (children.log as ActorRefFrom<EventLogLogic> | undefined)?.getSnapshot().context;
}

/**
 * Actor logic that keeps the last {@link maxLogEntries} outputs of dispatchers. It listens to the dispatchers itself, and its entries are in a
 * ring of its own: with 100,000 dispatches a machine would copy too much.
 *
 * @param nowMs The clock, in milliseconds since the epoch: read at each output and each transition.
 */
export const eventLogOf = (nowMs: () => number): EventLogLogic => ({
  getInitialSnapshot: () => ({
    status: 'active',
    output: undefined,
    error: undefined,
    context: new Ring(nowMs),
  }),
  transition: (snapshot, event, { self }) => {
    const { context } = snapshot;
    if (event.type === 'log.watch' && context instanceof Ring)
      context.watch(event, () => self.send({ type: 'log.told' }));
    else if ((event.type as string) === 'xstate.stop') (context as Ring).stop();
    // The ring changes in place; a new snapshot object shows subscribers that it did.
    return { ...snapshot };
  },
  getPersistedSnapshot: snapshot => snapshot,
});

class Ring implements EventLog {
  readonly #nowMs: () => number;
  readonly #entries: LogEntry[] = [];
  readonly #missed = new Map<number, number>();
  readonly #missedStarts = new Map<number, Map<number, readonly Interval[]>>();
  readonly #deliveries = new Map<number, DeliveryRecorder>();
  readonly #lagMs = new Map<number, number>();
  /** Dispatches as they were told last, by microgrid and id. */
  readonly #told = new Map<number, Map<number, DispatchRecord>>();
  readonly #undo = new Set<() => void>();
  readonly #transitions: DispatchTransition[] = [];
  readonly #states = new WeakMap<object, string>();
  #transitionCount = 0;
  #count = 0;
  #isTelling = false;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get count(): number {
    return this.#count;
  }

  missed(microgridId: number): number {
    return this.#missed.get(microgridId) ?? 0;
  }

  missedStarts(microgridId: number): ReadonlyMap<number, readonly Interval[]> {
    return this.#missedStarts.get(microgridId) ?? new Map();
  }

  delivered(microgridId: number): readonly DeliveredRun[] {
    return this.#deliveries.get(microgridId)?.runs ?? [];
  }

  lagMs(microgridId: number): number | null {
    return this.#lagMs.get(microgridId) ?? null;
  }

  *newestFirst(): IterableIterator<LogEntry> {
    for (let seq = this.#count; seq > 0 && seq > this.#count - maxLogEntries; seq -= 1) {
      const entry = this.#entries[(seq - 1) % maxLogEntries];
      if (entry !== undefined) yield entry;
    }
  }

  watch({ microgridId, dispatcher }: LogWatch, tell: () => void): void {
    const deliveries = this.#deliveries.get(microgridId) ?? new DeliveryRecorder(microgridId);
    this.#deliveries.set(microgridId, deliveries);
    deliveries.forgetOpen();
    const subscription = dispatcher.on('*', output => {
      this.#add(microgridId, output as unknown as DispatcherOutput);
      // Once for all outputs of a turn.
      if (this.#isTelling) return;
      this.#isTelling = true;
      queueMicrotask(() => {
        this.#isTelling = false;
        tell();
      });
    });
    const inspection = dispatcher.system.inspect({ next: event => this.#inspect(event, dispatcher) });
    const undo = () => {
      subscription.unsubscribe();
      inspection.unsubscribe();
      this.#undo.delete(undo);
    };
    this.#undo.add(undo);
    dispatcher.subscribe({ complete: undo, error: undo });
  }

  transitionsOf(microgridId: number, dispatchId: number): readonly DispatchTransition[] {
    return this.#transitions
      .filter(found => found.microgridId === microgridId && found.dispatchId === dispatchId)
      .sort((a, b) => b.seq - a.seq);
  }

  #inspect(event: InspectionEvent, dispatcher: AnyActorRef): void {
    if (event.type !== '@xstate.snapshot' || !isDispatch(event.actorRef)) return;
    // The system of the console has several dispatchers.
    const pool = parentOf(event.actorRef);
    if (pool === undefined || dispatcherOf(pool) !== dispatcher) return;
    const { value, context } = dispatchSnapshot(event.actorRef);
    const from = this.#states.get(event.actorRef);
    if (from === value) return;
    this.#states.set(event.actorRef, value);
    const { microgridId, id: dispatchId } = context.dispatch;
    if (from === undefined) return;
    const place = this.#transitionCount % maxTransitions;
    this.#transitionCount += 1;
    const seq = this.#transitionCount;
    const { type } = event.event;
    this.#transitions[place] = { seq, microgridId, dispatchId, atMs: this.#nowMs(), event: type, from, to: value };
  }

  stop(): void {
    for (const undo of this.#undo) undo();
  }

  #add(microgridId: number, output: DispatcherOutput): void {
    this.#entries[this.#count % maxLogEntries] = {
      seq: this.#count + 1,
      microgridId,
      atMs: this.#nowMs(),
      output,
      before: this.#noteRecord(microgridId, output),
    };
    this.#count += 1;
    if (output.type === 'run.missed') this.#addMissed(microgridId, output);
    else if (isRunningNotification(output)) {
      this.#deliveries.get(microgridId)?.add(notificationData(output));
      if (output.cause === 'schedule') this.#lagMs.set(microgridId, output.lateMs);
    }
  }

  /** Keeps the dispatch of a lifecycle event; returns what an update replaces. */
  #noteRecord(microgridId: number, output: DispatcherOutput): DispatchRecord | null {
    if (!output.type.startsWith('lifecycle.') || !('dispatch' in output)) return null;
    const told = this.#told.get(microgridId) ?? new Map<number, DispatchRecord>();
    this.#told.set(microgridId, told);
    const { dispatch, type } = output;
    const before = told.get(dispatch.id) ?? null;
    if (type === 'lifecycle.deleted') told.delete(dispatch.id);
    else told.set(dispatch.id, dispatch);
    return type === 'lifecycle.updated' ? before : null;
  }

  #addMissed(microgridId: number, { dispatch: { id }, count, firstMs, lastMs }: RunMissed): void {
    this.#missed.set(microgridId, this.missed(microgridId) + count);
    const byDispatch = this.#missedStarts.get(microgridId) ?? new Map<number, readonly Interval[]>();
    this.#missedStarts.set(microgridId, byDispatch);
    const before = byDispatch.get(id) ?? [];
    byDispatch.set(id, [...before, { startMs: firstMs, endMs: lastMs }].slice(-maxMissedTimes));
  }
}
