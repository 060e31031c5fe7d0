import { fromCallback } from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import { type Clock, yieldBetweenSlices } from '../protocol/clock.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import type { DispatcherStore, StoreChange } from '../protocol/dispatcherStore.js';
import type { ChangesWanted, PoolChanged } from '../protocol/messages.js';

/** What comes within this time of a change is written with it. */
const settleMs = 100;

/** Writes begin this far apart at least. */
const minIntervalMs = 1_000;

/** A write that failed is tried again after this time. */
const retryMs = 5_000;

/** So many changes are handed over before the clock is looked at. */
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
 * Keeps in a store what the dispatches remember, so that a dispatcher carries on after a restart: what changed is written
 * at most once a second, and when it stops. A write that fails is reported once and tried again until it succeeds.
 */
export function storeLogic({ store, clock, onClosed }: StoreOptions) {
  return fromCallback<PoolChanged, { microgridId: number }>(({ input, sendBack, receive }) => {
    const { microgridId } = input;
    const tell = (event: ChangesWanted | ProblemEvent) => sendBack(event);
    let unsaved = nothing();
    let hasUnsaved = false;
    let isFailing = false;
    let isStopped = false;
    let saving: Promise<void> | null = null;
    let lastMs = Number.NEGATIVE_INFINITY;
    let undoTimer: (() => void) | null = null;

    const plan = (waitMs: number) => {
      if (undoTimer !== null || saving !== null || isStopped) return;
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
      try {
        await save();
        isFailing = false;
      } catch (error) {
        const problem = DispatchError.from(error, { microgridId: microgridId });
        if (!isFailing && !isStopped) tell({ type: 'dispatcher.problem', microgridId, problem });
        isFailing = true;
      }
      saving = null;
      if (isFailing) plan(retryMs);
      else if (hasUnsaved) planNext();
    };

    const finish = async () => {
      await saving;
      try {
        if (hasUnsaved) await save();
        await store.close({ microgridId });
      } catch (error) {
        return DispatchError.from(error, { microgridId: microgridId });
      }
    };

    receive(({ changes, everything, synced }) => {
      if (everything !== null) unsaved = { ...nothing(), everything };
      unsaved.synced = synced;
      for (const change of changes) unsaved.changes.set(change.id, change);
      hasUnsaved = true;
      planNext();
    });
    tell({ type: 'changes.wanted' });
    return () => {
      isStopped = true;
      undoTimer?.();
      void finish().then(onClosed);
    };
  });
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
