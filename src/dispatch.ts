import { judgedAtMs } from './model/clockBack.js';
import type { DispatchRecord, JsonObject } from './model/dispatchRecord.js';
import type { RecurrenceRule } from './model/recurrence/recurrenceRule.js';
import { type Run, runAt, runsBetween, startAtOrAfter, startsBetween } from './model/schedule.js';
import type { Selector } from './model/selector.js';

/** Whether a dispatch of a type runs: the answer of {@link Dispatch.running}. */
export const RunningState = {
  /** It runs: start, or go on with, what its selector and payload say. */
  RUNNING: 'RUNNING',
  /** It does not run: stop. */
  STOPPED: 'STOPPED',
  /** It is of another type than the one asked for. */
  DIFFERENT_TYPE: 'DIFFERENT_TYPE',
} as const;

/** Whether a dispatch of a type runs: the answer of {@link Dispatch.running}. */
export type RunningState = (typeof RunningState)[keyof typeof RunningState];

/** What happened to the run of a dispatch that a running-state channel delivers. */
export interface RunningStateChange {
  readonly kind: 'started' | 'reconfigured' | 'stopped';
  readonly run: Run;
  /** What made it happen: time, a change of the dispatch, its deletion, the first sync, or a restore that found it running. */
  readonly cause: 'schedule' | 'update' | 'delete' | 'sync' | 'restore';
  /** The instant it is about, milliseconds since the epoch. */
  readonly atMs: number;
  /** How much later it was noticed, in milliseconds. */
  readonly lateMs: number;
}

/** What a {@link Dispatch} knows beyond its record. */
export interface DispatchOptions {
  /** The clock that the questions default to. @default Date.now */
  readonly nowMs?: () => number;
  /** Whether it was deleted. @default false */
  readonly deleted?: boolean;
  /** The change that a running-state channel delivers with it. */
  readonly change?: RunningStateChange;
  /** When its running state was notified last, milliseconds since the epoch. @default null */
  readonly notifiedMs?: number | null;
}

/**
 * A dispatch as consumers hold it: an immutable record of the service and a clock to ask it by.
 *
 * Questions are answered as of now, not as of the message that brought the dispatch. Those about its schedule throw a
 * RangeError when its recurrence rule is invalid. A dispatcher delivers such a dispatch only as inactive, when an update made
 * it so.
 */
export class Dispatch {
  /** The plain data. Its `createTime` and `updateTime` keep the service's nanoseconds. */
  readonly record: DispatchRecord;
  /** Whether it was deleted; it never runs again. */
  readonly deleted: boolean;
  /** On what a running-state channel delivers: the change it is about. */
  readonly change: RunningStateChange | undefined;
  /** When its running state was notified last; null when it never was. */
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

  /** What consumers filter by. */
  get type(): string {
    return this.record.type;
  }

  /** When the first run begins. */
  get startTime(): Date {
    return new Date(this.record.startTimeMs);
  }

  /** Length of each run in milliseconds; null: no end; 0: a run starts and ends at once. */
  get durationMs(): number | null {
    return this.record.durationMs;
  }

  /** The components concerned. */
  get selector(): Selector {
    return this.record.selector;
  }

  /** Whether it runs at all. */
  get active(): boolean {
    return this.record.active;
  }

  /** Whether consumers should only simulate the work. */
  get dryRun(): boolean {
    return this.record.dryRun;
  }

  /** Free parameters for the consumer; deep-frozen. */
  get payload(): JsonObject {
    return this.record.payload;
  }

  /** Null: it runs once. */
  get recurrence(): RecurrenceRule | null {
    return this.record.recurrence;
  }

  /** When the service created it, cut to milliseconds. */
  get createTime(): Date {
    return new Date(this.record.createTime);
  }

  /** When the service changed it last, cut to milliseconds. */
  get updateTime(): Date {
    return new Date(this.record.updateTime);
  }

  /** When its last run ends, as the service calculated it; null when it did not. */
  get endTime(): Date | null {
    return toDate(this.record.endTimeMs);
  }

  /**
   * Whether it runs now, for a consumer of one type. Inactive or deleted is `STOPPED`, and the dispatch of a stop
   * message never answers `RUNNING`. When the clock goes back to up to a minute before a run that has begun, that goes on,
   * and the dispatch of its start still answers `RUNNING`.
   */
  running(type: string): RunningState {
    if (type !== this.record.type) return RunningState.DIFFERENT_TYPE;
    return this.#runNow() === null ? RunningState.STOPPED : RunningState.RUNNING;
  }

  /** The end of the run it is in now; null when it is in none, or in one without end. */
  get until(): Date | null {
    return toDate(this.#runNow()?.endMs ?? null);
  }

  /** The end of the run it is in at an instant; null when it is in none, or in one without end. */
  untilAt(at: Date): Date | null {
    return toDate(this.#runAt(at.getTime())?.endMs ?? null);
  }

  /** The next start, now included; null when none is left. Says nothing about whether it is active. */
  get nextRun(): Date | null {
    return this.nextRunAfter(new Date(this.#nowMs()));
  }

  /** The first start at or after an instant; null when none is left. Says nothing about whether it is active. */
  nextRunAfter(at: Date): Date | null {
    return toDate(startAtOrAfter(this.record, at.getTime()));
  }

  /**
   * The starts from `since` to before now, strictly increasing, lazily.
   *
   * @param options.since @default {@link runningStateChangeSynced}, else {@link updateTime}
   * @param options.limit the largest number of starts. @default Infinity
   */
  *missedRuns(options: { since?: Date; limit?: number } = {}): Generator<Date, void, void> {
    const since = options.since ?? this.runningStateChangeSynced ?? this.updateTime;
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    for (const startMs of startsBetween(this.record, since.getTime(), this.#nowMs())) {
      if (left-- <= 0) return;
      yield new Date(startMs);
    }
  }

  /** The runs that touch `[from, to)`, in order of their start, lazily. Inactive or deleted has none. */
  *runs(from: Date, to: Date): Generator<Run, void, void> {
    if (!this.deleted) yield* runsBetween(this.record, from.getTime(), to.getTime());
  }

  /** Plain data with instants as RFC 3339 texts, for logs and output. */
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

/** A lifecycle event: a dispatch came to be. */
export interface Created {
  readonly type: 'created';
  readonly dispatch: Dispatch;
}

/** A lifecycle event: a dispatch changed. */
export interface Updated {
  readonly type: 'updated';
  readonly dispatch: Dispatch;
}

/** A lifecycle event: a dispatch is gone. */
export interface Deleted {
  readonly type: 'deleted';
  readonly dispatch: Dispatch;
}

/** What happens to dispatches themselves, as opposed to their runs. */
export type DispatchEvent = Created | Updated | Deleted;

function toDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
