import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { RunningNotification } from '../dispatch/runNotification.js';
import { Agenda, type AgendaEntry, notInAgenda } from '../pool/agenda.js';
import { changeKinds, decide, isSameRun, type MergedChange, type Order } from './decision.js';
import { type MergeStrategy, mergeNothing } from './mergeStrategy.js';
import { type TypeFilter, typeMatcher } from './typeFilter.js';

/** Options of a {@link Merger}. */
export interface MergerOptions {
  readonly type: TypeFilter;
  readonly strategy: MergeStrategy;
  /** All dispatches that are known; read only for a strategy with a `filter`. */
  readonly records: () => readonly DispatchRecord[];
  /** Told what the strategy threw. It must not throw. */
  readonly onFailure: (cause: unknown, record: DispatchRecord) => void;
}

/** A dispatch as it was last told to run. */
interface Held extends Order {
  readonly identity: string;
  /** Its place among those that count for its identity; it is out of them when it does not count any more. */
  readonly rank: AgendaEntry;
  /** Its place among the ends of runs. */
  readonly end: AgendaEntry;
}

/** The dispatches that count for one identity. The head of the agenda is in force: the latest start, then the highest id. */
interface Group {
  readonly ranks: Agenda<AgendaEntry>;
  readonly ids: Set<number>;
}

/**
 * Merges the notifications of dispatches by a strategy, for one consumer.
 *
 * It holds, for each running dispatch, the record, run and identity that it was last told of, and judges by these. A dispatch counts
 * until it is told stopped, or until a notification that was noticed at or after the end of its run. So what is in force does not
 * depend on how it came about.
 */
export class Merger {
  readonly #options: MergerOptions;
  readonly #isOfType: (type: string) => boolean;
  readonly #held = new Map<number, Held>();
  readonly #groups = new Map<string, Group>();
  readonly #ends = new Agenda<AgendaEntry>();
  /** What the consumer was told last, by identity; nothing after a stop. */
  readonly #told = new Map<string, Order>();

  constructor(options: MergerOptions) {
    this.#options = options;
    this.#isOfType = typeMatcher(options.type);
  }

  /** What the consumer was told last and is not stopped, by identity: with a strategy that merges, what is in force. */
  get told(): ReadonlyMap<string, Order> {
    return this.#told;
  }

  /** Ids of the dispatches that count for an identity, ascending. */
  idsOf(identity: string): number[] {
    return [...(this.#groups.get(identity)?.ids ?? [])].sort((a, b) => a - b);
  }

  /** Takes a notification; returns what the consumer is to be told, in order. */
  take(news: RunningNotification): readonly MergedChange[] {
    const { dispatch } = news;
    const before = this.#held.get(dispatch.id);
    const identity = news.type === 'running.stopped' ? null : this.#identityOf(dispatch);
    this.#endBefore(news.atMs + news.lateMs);
    const isEntry = before?.identity !== identity || before?.rank.place === notInAgenda;
    if (!isEntry && before !== undefined && isSameRun(before.run, news.run)) {
      // The most frequent change leaves everything in its place.
      this.#held.set(dispatch.id, { ...before, dispatch });
    } else {
      if (before !== undefined) this.#drop(before);
      if (identity !== null) this.#hold(identity, news);
    }
    if (this.#options.strategy.filter !== undefined) return this.#filter(news, before, identity);
    const changes: MergedChange[] = [];
    if (before !== undefined && before.identity !== identity)
      changes.push(...this.#decide(before.identity, news, false));
    if (identity !== null) changes.push(...this.#decide(identity, news, isEntry));
    return changes;
  }

  /** Lets the dispatches no longer count whose runs have ended. */
  #endBefore(noticedMs: number): void {
    for (let head = this.#ends.head(); head !== null && head.atMs <= noticedMs; head = this.#ends.head()) {
      const held = this.#held.get(head.id);
      if (held === undefined) this.#ends.delete(head);
      else this.#discount(held);
    }
  }

  #hold(identity: string, { dispatch, run }: RunningNotification): void {
    const { id } = dispatch;
    const held: Held = { dispatch, run, identity, rank: entryOf(-id), end: entryOf(id) };
    this.#held.set(id, held);
    const group = this.#groups.get(identity) ?? { ranks: new Agenda<AgendaEntry>(), ids: new Set() };
    this.#groups.set(identity, group);
    group.ids.add(id);
    // The agenda is in ascending order.
    group.ranks.set(held.rank, -run.startMs, 'start');
    if (run.endMs !== null) this.#ends.set(held.end, run.endMs, 'stop');
  }

  #drop(held: Held): void {
    this.#discount(held);
    this.#held.delete(held.dispatch.id);
  }

  #discount({ dispatch, identity, rank, end }: Held): void {
    this.#ends.delete(end);
    const group = this.#groups.get(identity);
    if (group === undefined || rank.place === notInAgenda) return;
    group.ranks.delete(rank);
    group.ids.delete(dispatch.id);
    if (group.ids.size === 0) this.#groups.delete(identity);
  }

  #decide(identity: string, news: RunningNotification, isEntry: boolean): MergedChange[] {
    const head = this.#groups.get(identity)?.ranks.head();
    const inForce = (head && this.#held.get(-head.id)) ?? null;
    const change = decide({ identity, told: this.#told.get(identity) ?? null, inForce, news, isEntry });
    return change === null ? [] : [this.#tell(change)];
  }

  /** With a filter of its own, a strategy lets a message pass as it is, or not. */
  #filter(news: RunningNotification, before: Held | undefined, now: string | null): MergedChange[] {
    const { dispatch, run, cause, atMs, lateMs, type } = news;
    const identity = type === 'running.stopped' ? (before?.identity ?? this.#identityOf(dispatch)) : now;
    if (identity === null || !this.#passes(news)) return [];
    return [this.#tell({ identity, kind: changeKinds[type], dispatch, run, cause, atMs, lateMs })];
  }

  #tell(change: MergedChange): MergedChange {
    const { identity, kind, dispatch, run } = change;
    if (kind === 'stopped') this.#told.delete(identity);
    else this.#told.set(identity, { dispatch, run });
    return change;
  }

  #identityOf(record: DispatchRecord): string | null {
    if (!this.#isOfType(record.type)) return null;
    const { strategy, onFailure } = this.#options;
    try {
      return strategy.identity(record);
    } catch (error) {
      onFailure(error, record);
      return mergeNothing.identity(record);
    }
  }

  #passes({ dispatch, atMs, lateMs }: RunningNotification): boolean {
    const { strategy, records, onFailure } = this.#options;
    try {
      return strategy.filter === undefined || strategy.filter(records(), dispatch, atMs + lateMs) === true;
    } catch (error) {
      onFailure(error, dispatch);
      return true;
    }
  }
}

function entryOf(id: number): AgendaEntry {
  return { id, atMs: 0, kind: 'start', place: notInAgenda };
}
