import { judgedAtMs } from './model/clockBack.js';
import type { DispatchRecord, JsonObject } from './model/dispatchRecord.js';
import type { RecurrenceRule } from './model/recurrence/recurrenceRule.js';
import { type Run, runAt, runsBetween, startAtOrAfter, startsBetween } from './model/schedule.js';
import type { Selector } from './model/selector.js';

/** Running state of a dispatch for a consumer of one type: the result of {@link Dispatch.running}. */
export const RunningState = {
  /** In a run: start or continue what selector and payload describe. */
  RUNNING: 'RUNNING',
  /** Not in a run: stop. */
  STOPPED: 'STOPPED',
  /** Of another type than the given one: not for this consumer. */
  DIFFERENT_TYPE: 'DIFFERENT_TYPE',
} as const;

/** Running state of a dispatch for a consumer of one type: the result of {@link Dispatch.running}. */
export type RunningState = (typeof RunningState)[keyof typeof RunningState];

/** The change of a run that a running-state channel delivers with its dispatch. */
export interface RunningStateChange {
  readonly kind: 'started' | 'reconfigured' | 'stopped';
  readonly run: Run;
  /**
   * Its cause: time, an update, the deletion, the first sync, or a restore that found the dispatch running. `handover`, only where
   * dispatches are merged: the dispatch in force before went, and this one, which also runs, is in force again.
   */
  readonly cause: 'schedule' | 'update' | 'delete' | 'sync' | 'restore' | 'handover';
  /** When it took place, milliseconds since the epoch. */
  readonly atMs: number;
  /** Delay until it was noticed, in milliseconds. */
  readonly lateMs: number;
}

/** What a {@link Dispatch} holds beside its record. */
export interface DispatchOptions {
  /** The present instant, milliseconds since the epoch, for questions about now. @default Date.now */
  readonly nowMs?: (() => number) | undefined;
  /** Whether the dispatch was deleted. @default false */
  readonly deleted?: boolean | undefined;
  /** The change of a run that it is delivered for. @default none */
  readonly change?: RunningStateChange | undefined;
  /** When its running state was notified last, milliseconds since the epoch. @default null */
  readonly notifiedMs?: number | null | undefined;
}

/**
 * A dispatch as consumers get it: an immutable record of the service, and methods that evaluate it.
 *
 * The methods evaluate it as of now, not as of the message that brought it. Those about its schedule throw a RangeError when its
 * recurrence rule is invalid; a dispatcher delivers such a dispatch only after an update to an invalid rule, as inactive.
 */
export class Dispatch {
  /** The plain data. Its `createTime` and `updateTime` have the nanoseconds of the service. */
  readonly record: DispatchRecord;
  /** Whether the dispatch was deleted. It then never runs again. */
  readonly deleted: boolean;
  /** The change of a run that a running-state channel delivers it for; undefined elsewhere. */
  readonly change: RunningStateChange | undefined;
  /** Time of the last notification of its running state; null: never. */
  readonly runningStateChangeSynced: Date | null;
  readonly #nowMs: () => number;

  constructor(record: DispatchRecord, options: DispatchOptions = {}) {
    this.record = record;
    this.deleted = options.deleted ?? false;
    this.change = options.change;
    this.runningStateChangeSynced = toDate(options.notifiedMs ?? null);
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** Unique within the service. */
  get id(): number {
    return this.record.id;
  }

  get microgridId(): number {
    return this.record.microgridId;
  }

  /** The type by which consumers select dispatches. */
  get type(): string {
    return this.record.type;
  }

  /** Start of the first run. */
  get startTime(): Date {
    return new Date(this.record.startTimeMs);
  }

  /** Duration of each run in milliseconds; null: no end; 0: a run starts and ends at the same instant. */
  get durationMs(): number | null {
    return this.record.durationMs;
  }

  /** The components that the dispatch is for. */
  get selector(): Selector {
    return this.record.selector;
  }

  /** Whether the dispatch is active; an inactive one never runs. */
  get active(): boolean {
    return this.record.active;
  }

  /** Whether consumers must only say what they would do. */
  get dryRun(): boolean {
    return this.record.dryRun;
  }

  /** Parameters for the consumer, a JSON object; deep-frozen. */
  get payload(): JsonObject {
    return this.record.payload;
  }

  /** The recurrence rule; null: the dispatch runs once. */
  get recurrence(): RecurrenceRule | null {
    return this.record.recurrence;
  }

  /** Time of its creation in the service, truncated to milliseconds. */
  get createTime(): Date {
    return new Date(this.record.createTime);
  }

  /** Time of its last update in the service, truncated to milliseconds. */
  get updateTime(): Date {
    return new Date(this.record.updateTime);
  }

  /** End of its last run as calculated by the service; null when there is none. Of a dispatch that never runs our service tells the start. */
  get endTime(): Date | null {
    return toDate(this.record.endTimeMs);
  }

  /**
   * The running state now, for a consumer of one type. An inactive or deleted dispatch is `STOPPED`; a dispatch that was delivered
   * for a stop is never `RUNNING`. When the clock goes back by up to a minute to before the start of a run, the run goes on, and
   * the dispatch that was delivered for its start stays `RUNNING`.
   */
  running(type: string): RunningState {
    if (type !== this.record.type) return RunningState.DIFFERENT_TYPE;
    return this.#runNow() === null ? RunningState.STOPPED : RunningState.RUNNING;
  }

  /** End of the present run; null when there is no present run, or it has no end. */
  get until(): Date | null {
    return toDate(this.#runNow()?.endMs ?? null);
  }

  /** End of the run at an instant; null when there is no run then, or it has no end. */
  untilAt(at: Date): Date | null {
    return toDate(this.#runAt(at.getTime())?.endMs ?? null);
  }

  /** The next start, now included; null when none is left. Does not depend on whether the dispatch is active. */
  get nextRun(): Date | null {
    return this.nextRunAfter(new Date(this.#nowMs()));
  }

  /** The first start at or after an instant; null when none is left. Does not depend on whether the dispatch is active. */
  nextRunAfter(at: Date): Date | null {
    return toDate(startAtOrAfter(this.record, at.getTime()));
  }

  /**
   * The starts in `[since, now)`, strictly increasing; evaluated lazily.
   *
   * @param options.since @default {@link runningStateChangeSynced}, else {@link updateTime}
   * @param options.limit Maximum number of starts. @default Infinity
   */
  *missedRuns(
    options: { readonly since?: Date | undefined; readonly limit?: number | undefined } = {},
  ): Generator<Date, void, void> {
    const since = options.since ?? this.runningStateChangeSynced ?? this.updateTime;
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    for (const startMs of startsBetween(this.record, since.getTime(), this.#nowMs())) {
      if (left-- <= 0) return;
      yield new Date(startMs);
    }
  }

  /** The runs that overlap `[from, to)`, by start; evaluated lazily. An inactive or deleted dispatch has none. */
  *runs(from: Date, to: Date): Generator<Run, void, void> {
    if (!this.deleted) yield* runsBetween(this.record, from.getTime(), to.getTime());
  }

  /** Plain data with instants as RFC 3339 strings, for logs and output. */
  toJSON(): Record<string, unknown> {
    const { startTimeMs, endTimeMs, ...rest } = this.record;
    return {
      ...rest,
      startTime: this.startTime.toISOString(),
      endTime: this.endTime?.toISOString() ?? null,
      deleted: this.deleted,
    };
  }

  #runNow(): Run | null {
    const nowMs = this.#nowMs();
    return this.#runAt(this.change === undefined ? nowMs : judgedAtMs(this.change.run, nowMs));
  }

  #runAt(atMs: number): Run | null {
    return this.deleted || this.change?.kind === 'stopped' ? null : runAt(this.record, atMs);
  }
}

/** Lifecycle event: a dispatch was created. */
export interface Created {
  readonly type: 'created';
  readonly dispatch: Dispatch;
}

/** Lifecycle event: a dispatch was updated. */
export interface Updated {
  readonly type: 'updated';
  readonly dispatch: Dispatch;
}

/** Lifecycle event: a dispatch was deleted. */
export interface Deleted {
  readonly type: 'deleted';
  readonly dispatch: Dispatch;
}

/** Lifecycle event of a dispatch: its creation, update or deletion, as opposed to changes of its runs. */
export type DispatchEvent = Created | Updated | Deleted;

function toDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
