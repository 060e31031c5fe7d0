import type { ActorLogic, AnyActorRef, Snapshot } from 'xstate';
import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';

/** An output of a dispatcher, as the log of the console keeps it. */
export interface LogEntry {
  /** Number of the entry: 1, 2, 3, … */
  readonly seq: number;
  readonly microgridId: number;
  /** When it came, milliseconds since the epoch. */
  readonly atMs: number;
  readonly output: DispatcherOutput;
}

/** Maximum number of entries that are kept. */
const maxLogEntries = 5_000;

/** The log of the console, a live object. */
export interface EventLog {
  /** Number of entries so far, also of those that are not kept any more. */
  readonly count: number;
  /** Number of missed runs so far, by microgrid. */
  missed(microgridId: number): number;
  /** Delay of the last start or stop by the schedule, in milliseconds, by microgrid; null: there was none. */
  lagMs(microgridId: number): number | null;
  /** Entries that are kept, newest first. */
  newestFirst(): IterableIterator<LogEntry>;
}

/** Events to the log: the dispatcher of a microgrid whose outputs it is to keep. */
export interface LogWatch {
  readonly type: 'log.watch';
  readonly microgridId: number;
  readonly dispatcher: AnyActorRef;
}

/** Snapshot of the log: its context is the {@link EventLog}. */
export type EventLogSnapshot = Snapshot<undefined> & { readonly context: EventLog };

/** Type of {@link eventLogLogic}. */
export type EventLogLogic = ActorLogic<EventLogSnapshot, LogWatch | LogTold, { readonly nowMs: () => number }>;

/** Sent by the log to itself. */
interface LogTold {
  readonly type: 'log.told';
}

/**
 * Actor logic that keeps the last {@link maxLogEntries} outputs of dispatchers. It listens to the dispatchers itself, and its entries are in a
 * ring of its own: with 100,000 dispatches a machine would copy too much.
 */
export const eventLogLogic: EventLogLogic = {
  getInitialSnapshot: (_, { nowMs }) => ({
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
};

class Ring implements EventLog {
  readonly #nowMs: () => number;
  readonly #entries: LogEntry[] = [];
  readonly #missed = new Map<number, number>();
  readonly #lagMs = new Map<number, number>();
  readonly #undo: (() => void)[] = [];
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
    this.#undo.push(() => subscription.unsubscribe());
  }

  stop(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  #add(microgridId: number, output: DispatcherOutput): void {
    this.#entries[this.#count % maxLogEntries] = {
      seq: this.#count + 1,
      microgridId,
      atMs: this.#nowMs(),
      output,
    };
    this.#count += 1;
    if (output.type === 'run.missed') this.#missed.set(microgridId, this.missed(microgridId) + output.count);
    else if ('run' in output && output.cause === 'schedule') this.#lagMs.set(microgridId, output.lateMs);
  }
}
