import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { BruteForceRuns, type Run } from './bruteForceRuns.js';

/** What must be announced about the runs of a dispatch. */
export interface ExpectedNotification {
  readonly what: 'started' | 'resumed' | 'reconfigured' | 'stopped' | 'missed';
  readonly record: DispatchRecord;
  readonly run: Run;
  readonly cause: 'schedule' | 'update' | 'sync' | 'delete' | 'restore';
  readonly atMs: number;
  readonly lateMs: number;
  /** The runs that were missed. */
  readonly missed?: readonly Run[];
}

/** What a dispatch waits for next: at one instant in this order. */
export interface ExpectedChange {
  readonly atMs: number;
  readonly kind: 'start' | 'stop' | 'forget';
}

const dayMs = 24 * 3_600_000;

/** A clock that is before the start of a run by no more than this lets it go on. */
const startToleranceMs = 60_000;

/** A zero-length run that is noticed by so much later still takes place. */
const zeroLengthGraceMs = 1_000;

/** A walk along touching runs ends after so many. */
const maxTouchingRuns = 1_000;

/**
 * What must be announced about one dispatch whenever a dispatcher looks at it: by its present record, the run it is in and
 * which runs were announced before.
 */
export class ExpectedDispatch {
  record: DispatchRecord;
  run: Run | null = null;
  /** When it was looked at last. */
  lookedMs: number;
  /** When its running state was announced last. */
  notifiedMs: number | null = null;
  readonly #say: (notification: ExpectedNotification) => void;
  /** The last start before the present run that counts as announced: time announces none up to it. */
  #doneMs = Number.NEGATIVE_INFINITY;
  #runs: BruteForceRuns;
  #nextChange: ExpectedChange | null | undefined;
  #again: ExpectedChange | null = null;

  constructor(
    record: DispatchRecord,
    atMs: number,
    cause: 'sync' | 'update',
    say: (notification: ExpectedNotification) => void,
  ) {
    this.record = record;
    this.lookedMs = atMs;
    this.#runs = new BruteForceRuns(record);
    this.#say = say;
    const present = this.#presentRun(atMs);
    if (present !== null) this.#start(present, cause, atMs);
  }

  /** What it waits for since it was looked at last. */
  get nextChange(): ExpectedChange | null {
    if (this.#nextChange === undefined) this.#nextChange = this.#findNextChange();
    return this.#nextChange;
  }

  /** What it is to be looked at for next. */
  get wanted(): ExpectedChange | null {
    return this.#again ?? this.nextChange;
  }

  /** It is to be looked at by an instant, whatever it waits for. */
  lookAgainBy(ms: number): void {
    this.#again = { atMs: Math.min(this.nextChange?.atMs ?? ms, ms), kind: this.run === null ? 'start' : 'stop' };
  }

  #findNextChange(): ExpectedChange | null {
    const next = this.#runs.next(Math.max(this.lookedMs, this.run?.startMs ?? this.lookedMs), run => this.#isNew(run));
    const endMs = this.run?.endMs ?? null;
    if (next !== null && (endMs === null || next.startMs <= endMs)) return { atMs: next.startMs, kind: 'start' };
    if (endMs !== null) return { atMs: endMs, kind: 'stop' };
    if (this.run !== null || this.record.endTimeMs === null) return null;
    return { atMs: this.record.endTimeMs + dayMs, kind: 'forget' };
  }

  /** Another dispatcher has it now, and says so if the run goes on. It does not count as a look. */
  resume(atMs: number): void {
    const { run, nextChange, record } = this;
    if (run === null || isOverBy(run, atMs) || !isKept(run, atMs)) return;
    if (nextChange?.kind === 'start' && nextChange.atMs <= atMs) return;
    this.#say({ what: 'resumed', record, run, cause: 'restore', atMs, lateMs: 0 });
  }

  /** Time passed, or the clock went back. */
  look(atMs: number): void {
    const sinceMs = this.lookedMs;
    this.#lookAt(atMs);
    if (this.run !== null && atMs < this.run.startMs) {
      if (isKept(this.run, atMs)) return;
      // It is announced again when its start comes.
      this.#stop('schedule', atMs);
    }
    const latest = this.#presentRun(atMs);
    const present = latest !== null && this.#isNew(latest) ? latest : null;
    if (atMs >= sinceMs) this.#passRuns(sinceMs, atMs, present);
    // What the clock went back over is as it was: announced, or missed and said to be.
    else if (this.run !== null) return;
    if (present !== null) this.#start(present, 'schedule', present.startMs);
  }

  /** The present run may be over by then, and others have passed whole, before the one that is new. */
  #passRuns(sinceMs: number, atMs: number, present: Run | null): void {
    const { run } = this;
    const missed = this.#runs
      .between(Math.max(sinceMs, run?.startMs ?? sinceMs), atMs)
      .filter(one => this.#isNew(one) && one !== present);
    if (run !== null && run.endMs !== null) {
      const led = present === null ? missed : [...missed, present];
      const isOver = led.length > 0 || isOverBy(run, atMs);
      const isTakenOver = present !== null && missed.length < maxTouchingRuns && touch([run, ...led]);
      if (isOver) this.#doneMs = run.startMs;
      if (isOver && !isTakenOver) this.#stop('schedule', Math.min(run.endMs, atMs));
    }
    const [first] = missed;
    const last = missed.at(-1);
    if (first === undefined || last === undefined) return;
    this.#announce({ what: 'missed', run: last, cause: 'schedule', atMs: first.startMs, missed });
  }

  /** The service changed it: only what it is now counts. */
  update(record: DispatchRecord, atMs: number): void {
    const { record: recordBefore, run: runBefore, nextChange } = this;
    const isOtherType = recordBefore.type !== record.type;
    this.record = record;
    this.#lookAt(atMs);
    this.#runs = new BruteForceRuns(record);
    const judgedMs = runBefore !== null && isKept(runBefore, atMs) ? Math.max(atMs, runBefore.startMs) : atMs;
    const present = this.#runs.at(judgedMs) ?? this.#newRun(atMs);
    if (runBefore !== null) {
      const wasIn = present !== null && present.startMs !== present.endMs;
      if (isOverBy(runBefore, atMs)) this.#stop('schedule', runBefore.endMs ?? atMs, recordBefore);
      else if (!wasIn || isOtherType) this.#stop('update', atMs, isOtherType ? recordBefore : record);
    }
    const goesOn = this.run !== null;
    // All that is before the present run was announced, as far as something is known to have been.
    const beforeMs = present?.startMs ?? atMs + 1;
    const isLater = runBefore !== null && runBefore.startMs < beforeMs;
    this.#doneMs = isLater ? runBefore.startMs : Math.min(this.#doneMs, beforeMs - 1);
    if (present === null) return;
    const wasDue = nextChange?.kind === 'start' && nextChange.atMs <= Math.min(atMs, present.startMs);
    if (!goesOn || wasDue) this.#start(present, 'update', atMs);
    else {
      this.run = present;
      const isMoved = present.startMs !== runBefore?.startMs || present.endMs !== runBefore.endMs;
      if (isMoved || asksForOtherWork(recordBefore, record)) {
        this.#announce({ what: 'reconfigured', run: present, cause: 'update', atMs });
      }
    }
  }

  /** @param record what the service says was deleted */
  delete(record: DispatchRecord, atMs: number): void {
    this.#lookAt(atMs);
    if (this.run === null) return;
    const { endMs } = this.run;
    if (endMs !== null && isOverBy(this.run, atMs)) this.#stop('schedule', endMs);
    else this.#stop('delete', atMs, record);
  }

  #lookAt(atMs: number): void {
    this.lookedMs = atMs;
    this.#nextChange = undefined;
    this.#again = null;
  }

  #isNew({ startMs }: Run): boolean {
    return startMs > (this.run?.startMs ?? this.#doneMs);
  }

  #presentRun(atMs: number): Run | null {
    const latest = this.#runs.latest(atMs);
    if (latest === null || latest.endMs === null || atMs < latest.endMs) return latest;
    const isZeroLength = latest.startMs === latest.endMs;
    return isZeroLength && atMs - latest.startMs <= zeroLengthGraceMs ? latest : null;
  }

  /** What an update finds when the run that it was in is not there: one without length is not repeated. */
  #newRun(atMs: number): Run | null {
    const run = this.#presentRun(atMs);
    if (run === null || run.startMs !== run.endMs) return run;
    const known = [this.run?.startMs, this.#doneMs].find(ms => ms !== undefined && ms <= atMs);
    return known === undefined || run.startMs > known ? run : null;
  }

  #start(run: Run, cause: 'schedule' | 'update' | 'sync', atMs: number): void {
    this.run = run;
    this.#announce({ what: 'started', run, cause, atMs });
    if (run.startMs !== run.endMs) return;
    this.#stop('schedule', run.endMs);
    this.#doneMs = run.startMs;
  }

  #stop(cause: 'schedule' | 'update' | 'delete', atMs: number, record = this.record): void {
    if (this.run === null) return;
    this.#announce({ what: 'stopped', record, run: this.run, cause, atMs });
    this.run = null;
  }

  /** Says it; it is noticed now. */
  #announce(said: Omit<ExpectedNotification, 'record' | 'lateMs'> & { record?: DispatchRecord }): void {
    const lateMs = this.lookedMs - said.atMs;
    if (said.what !== 'missed') this.notifiedMs = this.lookedMs;
    this.#say({ record: this.record, lateMs, ...said });
  }
}

/** Whether a run that the clock may have gone back from goes on. */
function isKept({ startMs }: Run, atMs: number): boolean {
  return startMs - atMs <= startToleranceMs;
}

function isOverBy({ endMs }: Run, atMs: number): boolean {
  return endMs !== null && endMs <= atMs;
}

/** Whether each begins by the end of the one before. */
function touch(runs: readonly Run[]): boolean {
  return runs.every(({ startMs }, i) => {
    const before = runs[i - 1];
    return before === undefined || before.endMs === null || startMs <= before.endMs;
  });
}

/** Whether a consumer has other work to do; the order and repetition of components is none. */
function asksForOtherWork(before: DispatchRecord, after: DispatchRecord): boolean {
  const workOf = ({ selector, payload, dryRun }: DispatchRecord) => {
    const components = (selector.ids ?? selector.categories).map(component => JSON.stringify(component));
    return JSON.stringify([[...new Set(components)].sort(), Object.entries(payload).sort(), dryRun]);
  };
  return workOf(before) !== workOf(after);
}
