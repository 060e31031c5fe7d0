import { fromCallback } from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import { type Clock, yieldBetweenSlices } from '../protocol/clock.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import type { DispatcherStore, StoreChange } from '../protocol/dispatcherStore.js';
import type { RestoreEvent, StoreCommand, StoreEvent } from '../protocol/messages.js';
import { persistentTeller } from './persistentTeller.js';
import { openStore, restoreFromStore } from './restoreFromStore.js';

/** What comes within this time of a change is written with it. */
const settleMs = 100;

/** Writes begin this far apart at least. */
const minIntervalMs = 1_000;

/** A write that failed is tried again after this time. */
const retryMs = 5_000;

/** Maximum number of changes that are handed over before the clock is looked at. */
const sliceSize = 32;

/** What {@link storeLogic} is made of. */
export interface StoreOptions {
  readonly store: DispatcherStore;
  readonly clock: Clock;
  /**
   * Called once, after the actor was stopped, when its last write is done and the store is closed, with what went wrong
   * in that, if something did: the actor itself can tell nobody any more.
   */
  readonly onClosed: (problem: DispatchError | undefined) => void;
}

/**
 * Keeps in a store what the dispatches remember, so that a dispatcher carries on after a restart. It opens the store, brings what that
 * kept, and then says that it is ready; from then on what changed is written at most once a second, and when it stops.
 *
 * A store that somebody else has is waited for. One that cannot be opened otherwise is reported, and the dispatcher goes on
 * without it. A write that fails is reported once and tried again until it succeeds.
 */
export function storeLogic({ store, clock, onClosed }: StoreOptions) {
  return fromCallback<StoreCommand, { microgridId: number }>(({ input, sendBack, receive }) => {
    const { microgridId } = input;
    const stopping = new AbortController();
    const tell = (event: StoreEvent | RestoreEvent | ProblemEvent) => {
      if (!isStopped) sendBack(event);
    };
    const tellSurely = (event: StoreEvent | RestoreEvent | ProblemEvent) => teller.tell(() => tell(event));
    const report = (problem: DispatchError) => tellSurely({ type: 'dispatcher.problem', microgridId, problem });
    const access = { store, microgridId, clock, signal: stopping.signal, report };
    let ready: (more: boolean) => void = () => {};
    let isOpen = false;
    const teller = persistentTeller(clock);
    let unsaved = nothing();
    let hasUnsaved = false;
    let isFailing = false;
    let isStopped = false;
    let saving: Promise<void> | null = null;
    let lastMs = Number.NEGATIVE_INFINITY;
    let undoTimer: (() => void) | null = null;

    const plan = (waitMs: number) => {
      if (undoTimer !== null || saving !== null || isStopped || !isOpen) return;
      undoTimer = clock.setTimer(() => {
        undoTimer = null;
        saving = saveOrRetry();
      }, waitMs);
    };

    const planNext = () => plan(Math.max(settleMs, lastMs + minIntervalMs - clock.monotonicMs()));

    const save = async () => {
      lastMs = clock.monotonicMs();
      const { everything, synced, changes } = unsaved;
      unsaved = { ...nothing(), synced };
      hasUnsaved = false;
      const slices = slicesOf(everything ?? [], changes.values(), clock);
      try {
        await store.save({ microgridId, replacesAll: everything !== null, synced, changes: slices });
      } catch (error) {
        // What came meanwhile is newer.
        const newer = unsaved;
        const isAllAnew = newer.everything !== null;
        if (!isAllAnew) unsaved = { ...newer, everything, changes: new Map([...changes, ...newer.changes]) };
        hasUnsaved = true;
        throw error;
      }
    };

    const saveOrRetry = async () => {
      let problem: DispatchError | undefined;
      try {
        await save();
        isFailing = false;
      } catch (error) {
        if (!isFailing) problem = DispatchError.from(error, { microgridId });
        isFailing = true;
      }
      saving = null;
      if (isFailing) plan(retryMs);
      else if (hasUnsaved) planNext();
      if (problem !== undefined) report(problem);
    };

    const deliver = (event: RestoreEvent) =>
      new Promise<boolean>(resolve => {
        ready = resolve;
        tellSurely(event);
      });

    /** Says at the end that it is ready, whatever became of the store: there is a service to follow. */
    const begin = async () => {
      tellSurely({ type: 'store.opening' });
      const opened = await opening;
      isOpen = opened !== null;
      // Nobody collects what cannot be kept.
      if (opened !== null) {
        tellSurely({ type: 'changes.wanted' });
        await restoreFromStore(access, opened.synced, deliver);
      }
      tellSurely({ type: 'store.ready' });
    };

    const finish = async (): Promise<DispatchError | undefined> => {
      if ((await opening) === null) return undefined;
      await saving;
      const failures: DispatchError[] = [];
      const attempt = (step: () => Promise<void>) =>
        step().catch(error => void failures.push(DispatchError.from(error, { microgridId })));
      if (hasUnsaved) await attempt(save);
      await attempt(async () => store.close({ microgridId }));
      return failures[0];
    };

    receive(command => {
      if (command.type === 'pool.ready') {
        ready(command.more);
        return;
      }
      const { changes, everything, synced } = command;
      if (everything !== null) unsaved = { ...nothing(), everything };
      unsaved.synced = synced;
      for (const change of changes) unsaved.changes.set(change.id, change);
      hasUnsaved = true;
      planNext();
    });
    const opening = afterClosing(store, microgridId).then(() => openStore(access));
    void begin();
    return () => {
      isStopped = true;
      stopping.abort();
      undoTimer?.();
      teller.stop();
      ready(false);
      void noteClosing(store, microgridId, finish()).then(onClosed);
    };
  });
}

/** The closings of each store that are under way, by microgrid. */
const closings = new WeakMap<DispatcherStore, Map<number, Promise<unknown>>>();

/** Whoever opens a store again waits until it is closed. */
async function afterClosing(store: DispatcherStore, microgridId: number): Promise<void> {
  await closings.get(store)?.get(microgridId);
}

function noteClosing<T>(store: DispatcherStore, microgridId: number, closing: Promise<T>): Promise<T> {
  const ofStore = closings.get(store) ?? new Map<number, Promise<unknown>>();
  closings.set(store, ofStore.set(microgridId, closing));
  return closing;
}

interface Unsaved {
  readonly everything: Iterable<StoreChange> | null;
  synced: boolean;
  readonly changes: Map<number, StoreChange>;
}

function nothing(): Unsaved {
  return { everything: null, synced: false, changes: new Map() };
}

/** All of the one, then of the other. */
async function* slicesOf(
  everything: Iterable<StoreChange>,
  changes: Iterable<StoreChange>,
  clock: Clock,
): AsyncGenerator<readonly StoreChange[]> {
  const breathe = yieldBetweenSlices(clock);
  let slice: StoreChange[] = [];
  for (const change of chained(everything, changes)) {
    slice.push(change);
    if (slice.length < sliceSize) continue;
    yield slice;
    slice = [];
    await breathe();
  }
  if (slice.length > 0) yield slice;
}

function* chained<T>(first: Iterable<T>, second: Iterable<T>): Generator<T> {
  yield* first;
  yield* second;
}
