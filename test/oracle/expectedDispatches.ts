import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { dayMs, minuteMs } from '../support/dispatchRecord.js';
import { type ExpectedChange, ExpectedDispatch, type ExpectedNotification } from './expectedDispatch.js';
import { describeExpected, describeLifecycle } from './lines.js';

/** A deletion is remembered so long. */
export const deletionMemoryMs = 10 * minuteMs;

/** What a list lacked is remembered so long. */
const unlistedMemoryMs = 10_000;

/** A dispatch and what it waits for. */
export interface Waiting extends ExpectedChange {
  readonly id: number;
  readonly dispatch: ExpectedDispatch;
}

const order = ['start', 'stop', 'forget'];

/** The dispatches that a dispatcher must hold: which version of each counts, and which is to be looked at first. */
export class ExpectedDispatches {
  #byId = new Map<number, ExpectedDispatch>();
  readonly #deletedMs = new Map<number, number>();
  readonly #unlistedMs = new Map<number, number>();
  #isSynced = false;
  #unlisted = new Set<number>();
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  get byId(): ReadonlyMap<number, ExpectedDispatch> {
    return this.#byId;
  }

  /** Another dispatcher has them now. It does not know what was deleted. */
  restart(isById: boolean): void {
    this.#deletedMs.clear();
    this.#unlistedMs.clear();
    if (isById) this.#byId = new Map([...this.#byId].sort(([a], [b]) => a - b));
  }

  /** The one that waits for what comes first: by time, starts before stops, by id. */
  first(): Waiting | null {
    const waiting = [...this.#byId].flatMap(([id, dispatch]) => {
      const change = dispatch.wanted;
      return change === null ? [] : [{ id, dispatch, ...change }];
    });
    waiting.sort((a, b) => a.atMs - b.atMs || order.indexOf(a.kind) - order.indexOf(b.kind) || a.id - b.id);
    return waiting[0] ?? null;
  }

  /** The clock went back, or may have: those that were looked at later look again. */
  lookAgain(nowMs: number): void {
    for (const dispatch of this.#byId.values()) if (dispatch.lookedMs > nowMs) dispatch.lookAgainBy(nowMs);
  }

  /** Those that are in a run go on, in the order in which the runs began. */
  resume(nowMs: number): void {
    const startOf = ({ run }: ExpectedDispatch) => run?.startMs ?? 0;
    const inOrder = [...this.#byId].sort(([idA, a], [idB, b]) => startOf(a) - startOf(b) || idA - idB);
    for (const [, dispatch] of inOrder) dispatch.resume(nowMs);
  }

  /** What was waited for is there, or passed. */
  work({ id, dispatch, kind }: Waiting, nowMs: number): void {
    if (kind === 'forget') this.#byId.delete(id);
    else dispatch.look(nowMs);
  }

  beginList(): void {
    this.#unlisted = new Set(this.#byId.keys());
  }

  /** A listed version counts when it is another one. */
  takeListed(record: DispatchRecord, nowMs: number): void {
    this.#unlisted.delete(record.id);
    const held = this.#byId.get(record.id);
    if (held === undefined) this.#create(record, nowMs, this.#isSynced ? 'update' : 'sync');
    else if (held.record.updateTime !== record.updateTime) this.#update(held, record, nowMs);
  }

  /** What the list lacks is gone, when the list asked for it. */
  endList(endFromMs: number, nowMs: number): void {
    for (const id of this.#unlisted) {
      const held = this.#byId.get(id);
      if (held === undefined) continue;
      const { endTimeMs } = held.record;
      if (endTimeMs !== null && endTimeMs < endFromMs) continue;
      this.#unlistedMs.set(id, nowMs);
      this.#delete(held, held.record, nowMs);
    }
    this.#deletedMs.clear();
    this.#isSynced = true;
  }

  /** A streamed version counts when it is newer, unless it was overtaken by the deletion. */
  takeStreamed(record: DispatchRecord, nowMs: number): void {
    const deletedMs = this.#deletedMs.get(record.id);
    if (deletedMs !== undefined && nowMs - deletedMs < deletionMemoryMs) return;
    const held = this.#byId.get(record.id);
    const isForgotten = record.endTimeMs !== null && record.endTimeMs + dayMs <= nowMs;
    const unlistedMs = this.#unlistedMs.get(record.id);
    const isUnlisted = unlistedMs !== undefined && nowMs - unlistedMs < unlistedMemoryMs;
    if (held === undefined && !isForgotten && !isUnlisted) this.#create(record, nowMs, 'update');
    else if (held !== undefined && held.record.updateTime < record.updateTime) this.#update(held, record, nowMs);
  }

  takeDeletion(record: DispatchRecord, nowMs: number): void {
    this.#deletedMs.set(record.id, nowMs);
    const held = this.#byId.get(record.id);
    if (held !== undefined) this.#delete(held, record, nowMs);
  }

  #create(record: DispatchRecord, atMs: number, cause: 'sync' | 'update'): void {
    if (!isEvaluable(record)) return;
    this.#say(describeLifecycle({ what: 'created', record, atMs, notifiedMs: null }));
    const say = (notification: ExpectedNotification) => this.#say(describeExpected(notification));
    this.#byId.set(record.id, new ExpectedDispatch(record, atMs, cause, say));
  }

  /** What cannot be evaluated is held as inactive. */
  #update(held: ExpectedDispatch, changed: DispatchRecord, atMs: number): void {
    const record = isEvaluable(changed) ? changed : { ...changed, active: false };
    this.#say(describeLifecycle({ what: 'updated', record, atMs, notifiedMs: held.notifiedMs }));
    held.update(record, atMs);
  }

  #delete(held: ExpectedDispatch, record: DispatchRecord, atMs: number): void {
    this.#say(describeLifecycle({ what: 'deleted', record, atMs, notifiedMs: held.notifiedMs }));
    held.delete(record, atMs);
    this.#byId.delete(record.id);
  }
}

/** The only fault of the rules in the sequences is an interval of 0. Without a duration the rule plays no part. */
function isEvaluable({ recurrence, durationMs }: DispatchRecord): boolean {
  return recurrence === null || durationMs === null || recurrence.interval > 0;
}
