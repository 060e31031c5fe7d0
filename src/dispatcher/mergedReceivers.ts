import type { RunningNotification } from '../../machines/dispatch/runNotification.js';
import type { MergedChange } from '../../machines/manage/decision.js';
import { Merger } from '../../machines/manage/merger.js';
import { type MergeStrategy, mergeNothing } from '../../machines/manage/mergeStrategy.js';
import { type TypeFilter, typeFilterKey, typeFilterText } from '../../machines/manage/typeFilter.js';
import type { Dispatch } from '../dispatch.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import type { Coalescing } from './coalescingQueue.js';
import { toMergedDispatch, toReplay } from './conversions.js';
import type { Receiver, ReceiverOptions } from './receiver.js';
import { type OnCoalesced, ReceiverSet } from './receiverSet.js';

/** Options of `Dispatcher.newRunningStateReceiver`. */
export interface RunningStateOptions extends ReceiverOptions {
  /**
   * Which dispatches are one for the receiver: `mergeByType`, `mergeByTypeAndSelector`, `mergeForComponent(component)` or your own.
   * @default each dispatch is its own
   */
  readonly mergeStrategy?: MergeStrategy | undefined;
}

/** What {@link MergedReceivers} are made of. */
interface MergedReceiversSetup {
  readonly onCoalesced: OnCoalesced;
  readonly nowMs: () => number;
  /** The last notification of each dispatch that was told to run; a live view. */
  readonly running: ReadonlyMap<number, RunningNotification>;
  /** All dispatches that are known. */
  readonly records: () => readonly DispatchRecord[];
  /** When the running state of a dispatch was notified last, milliseconds since the epoch; null: never. */
  readonly notifiedMs: (id: number) => number | null;
  /** Told what a strategy threw. */
  readonly report: (problem: DispatchError) => void;
}

/** What waits in a receiver: the newest of an identity wins. */
interface Entry {
  readonly identity: string;
  readonly dispatch: Dispatch;
}

const newestOfIdentity: Coalescing<Entry> = { keyOf: ({ identity }) => identity, merge: (_, next) => next };

/** The receivers with the same types and the same strategy, which are all told the same. */
interface Group {
  readonly merger: Merger;
  readonly receivers: ReceiverSet<Entry>;
}

/** The receivers of running-state changes by type. */
export class MergedReceivers {
  readonly #setup: MergedReceiversSetup;
  /** By strategy, then by types. */
  readonly #groups = new Map<MergeStrategy, Map<string, Group>>();
  #isClosed = false;

  constructor(setup: MergedReceiversSetup) {
    this.#setup = setup;
  }

  /** Opens a receiver, which first gets what is in force. @throws RangeError when the limit is not a positive integer. */
  open(type: TypeFilter, options: RunningStateOptions): Receiver<Dispatch> {
    const { mergeStrategy = mergeNothing, name = typeFilterText(type) } = options;
    const key = typeFilterKey(type);
    const ofStrategy = this.#groups.get(mergeStrategy) ?? new Map<string, Group>();
    const group = ofStrategy.get(key) ?? this.#newGroup(type, mergeStrategy);
    const inForce = [...this.#inForce(group.merger)];
    const receiver = group.receivers.open<Dispatch, Entry>(
      { ...options, name },
      {
        coalescing: newestOfIdentity,
        itemOf: ({ dispatch }) => dispatch,
        replay: () => inForce,
        take: (entry, push) => push(entry),
      },
    );
    if (group.receivers.size > 0) this.#groups.set(mergeStrategy, ofStrategy.set(key, group));
    return receiver;
  }

  /** Gives a notification to every receiver. */
  send(notification: RunningNotification, dispatch: Dispatch): void {
    for (const ofStrategy of this.#groups.values()) {
      for (const { merger, receivers } of ofStrategy.values()) {
        for (const change of merger.take(notification)) receivers.send(this.#entryOf(change, dispatch));
      }
    }
  }

  /** Closes every receiver, and all later ones. */
  close(): void {
    this.#isClosed = true;
    for (const ofStrategy of this.#groups.values()) {
      for (const { receivers } of ofStrategy.values()) receivers.close();
    }
  }

  #newGroup(type: TypeFilter, strategy: MergeStrategy): Group {
    const { records, running, onCoalesced } = this.#setup;
    const onFailure = (cause: unknown, record: DispatchRecord) => this.#report(cause, record, type);
    const merger = new Merger({ type, strategy, records, onFailure });
    for (const notification of running.values()) merger.take(notification);
    const receivers = new ReceiverSet<Entry>('runningState', onCoalesced, () =>
      this.#forget(strategy, typeFilterKey(type)),
    );
    if (this.#isClosed) receivers.close();
    return { merger, receivers };
  }

  #forget(strategy: MergeStrategy, key: string): void {
    const ofStrategy = this.#groups.get(strategy);
    ofStrategy?.delete(key);
    if (ofStrategy?.size === 0) this.#groups.delete(strategy);
  }

  *#inForce(merger: Merger): Generator<Entry> {
    const { nowMs, notifiedMs, running } = this.#setup;
    for (const [identity, order] of merger.told) {
      const { id } = order.dispatch;
      yield { identity, dispatch: toReplay(order, running.get(id), { nowMs, heldMs: notifiedMs(id) }) };
    }
  }

  #entryOf(change: MergedChange, news: Dispatch): Entry {
    const { nowMs, notifiedMs } = this.#setup;
    const heldMs = change.dispatch.id === news.id ? null : notifiedMs(change.dispatch.id);
    return { identity: change.identity, dispatch: toMergedDispatch(change, news, { nowMs, heldMs }) };
  }

  #report(cause: unknown, { id, microgridId }: DispatchRecord, type: TypeFilter): void {
    const message = `the merge strategy of receivers of ${typeFilterText(type)} failed for dispatch ${id}: ${messageOf(cause)}`;
    this.#setup.report(new DispatchError('CONSUMER_FAILED', message, { microgridId, dispatchId: id, cause }));
  }
}
