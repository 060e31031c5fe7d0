import { fromCallback } from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import { type Clock, yieldBetweenSlices } from '../protocol/clock.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import type { DispatcherStore, NotedNotification, StoreChange, SyncPosition } from '../protocol/dispatcherStore.js';
import type { RestoreEvent, StoreCommand, StoreEvent } from '../protocol/messages.js';
import { persistentTeller } from './persistentTeller.js';
import { openStore, restoreFromStore } from './restoreFromStore.js';
import { closeForOne, noteEnding, whenEnded } from './storeUse.js';

/** Delay from a change to the write, in milliseconds, so that changes shortly after it are written together. */
const settleMs = 100;

/** Minimum interval between two writes, in milliseconds. */
const minIntervalMs = 1_000;

/** Delay before a failed write is retried, in milliseconds. */
const retryMs = 5_000;

/** Number of changes between two checks of the clock. */
const sliceSize = 32;

/** Maximum number of notifications that wait while writes fail; then the oldest are missing in the history. */
const maxUnsavedNotes = 100_000;

/** Options of {@link storeLogic}. */
export interface StoreOptions {
  readonly store: DispatcherStore;
  readonly clock: Clock;
  /**
   * Called once after the actor has stopped, when the last write is done and the store is closed, with the error if one occurred: a
   * stopped actor cannot report it otherwise.
   */
  readonly onClosed: (problem: DispatchError | undefined) => void;
}

/**
 * The store actor: stores the state of the dispatches, so that a dispatcher continues after a restart. It opens the store, restores its
 * dispatches and reports that it is ready. From then on it writes changes at most once per second, and when it stops.
 *
 * It waits for a store that is in use. Any other failure to open the store is reported, and the dispatcher continues without it. A failed
 * write is reported once and retried until it succeeds.
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
    let areNotesLost = false;
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
      const { everything, synced, position } = unsaved;
      const saved: Unsaved[] = [];
      const take = () => {
        saved.push(unsaved);
        unsaved = { ...nothing(), synced: unsaved.synced, position: unsaved.position };
        hasUnsaved = false;
        return saved.at(-1) as Unsaved;
      };
      // All dispatches are read while they change, so what changed meanwhile is part of the same save, with its notifications.
      const changes = everything === null ? changesOf(take()) : everythingOf(everything, take);
      try {
        const slices = slicesOf(changes, clock);
        await store.save({ microgridId, replacesAll: everything !== null, synced, position, changes: slices });
        // A store may have left the rest unread.
        if (saved.length === 0) take();
      } catch (error) {
        unsaved = saved.reduceRight(joined, unsaved);
        hasUnsaved = true;
        throw error;
      }
    };

    const saveOrRetry = async () => {
      let problem: DispatchError | undefined;
      try {
        await save();
        isFailing = false;
        areNotesLost = false;
      } catch (error) {
        if (!isFailing) problem = DispatchError.from(error, { microgridId });
        isFailing = true;
      }
      saving = null;
      if (isFailing) plan(retryMs);
      else if (hasUnsaved) planNext();
      if (problem !== undefined) report(problem);
    };

    const limitNotes = () => {
      const surplus = unsaved.notes.length - maxUnsavedNotes;
      if (surplus <= 0) return;
      // Many at a time, because it moves the others.
      unsaved.notes.splice(0, surplus + maxUnsavedNotes / 10);
      if (!areNotesLost) {
        const message = 'the history will lack entries: too many wait for a store that fails';
        report(new DispatchError('RESOURCE_EXHAUSTED', message, { microgridId }));
      }
      areNotesLost = true;
    };

    const deliver = (event: RestoreEvent) =>
      new Promise<boolean>(resolve => {
        ready = resolve;
        tellSurely(event);
      });

    /** Reports at the end that it is ready, even if the store failed: the dispatcher can follow its service. */
    const begin = async () => {
      tellSurely({ type: 'store.opening' });
      const opened = await opening;
      isOpen = opened !== null;
      // Do not collect changes that cannot be stored.
      if (opened !== null) {
        tellSurely({ type: 'changes.wanted' });
        await restoreFromStore(access, opened, deliver);
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
      await attempt(() => closeForOne(store, { microgridId }));
      return failures[0];
    };

    receive(command => {
      if (command.type === 'pool.ready') {
        ready(command.more);
        return;
      }
      const { changes, everything, synced, position } = command;
      if (everything !== null) unsaved = { ...nothing(), notes: unsaved.notes, everything };
      unsaved.synced = synced;
      unsaved.position = position;
      for (const change of changes) {
        if (change.kind === 'noted') unsaved.notes.push(change);
        else unsaved.changes.set(change.id, change);
      }
      if (isFailing) limitNotes();
      hasUnsaved = true;
      planNext();
    });
    const opening = whenEnded(store, microgridId).then(() => openStore(access));
    void begin();
    return () => {
      isStopped = true;
      stopping.abort();
      undoTimer?.();
      teller.stop();
      ready(false);
      const ending = finish();
      noteEnding(store, microgridId, ending);
      void ending.then(onClosed);
    };
  });
}

/** What the store does not have yet. */
interface Unsaved {
  readonly everything: Iterable<StoreChange> | null;
  synced: boolean;
  position: SyncPosition | null;
  readonly changes: Map<number, Exclude<StoreChange, NotedNotification>>;
  readonly notes: NotedNotification[];
}

function nothing(): Unsaved {
  return { everything: null, synced: false, position: null, changes: new Map(), notes: [] };
}

/** What is to be saved when a save failed and more has come since. */
function joined(newer: Unsaved, failed: Unsaved): Unsaved {
  const notes = [...failed.notes, ...newer.notes];
  if (newer.everything !== null) return { ...newer, notes };
  return { ...newer, everything: failed.everything, changes: new Map([...failed.changes, ...newer.changes]), notes };
}

function* changesOf({ changes, notes }: Unsaved): Generator<StoreChange> {
  yield* changes.values();
  yield* notes;
}

/** All dispatches, then what changed while they were read. */
function* everythingOf(everything: Iterable<StoreChange>, take: () => Unsaved): Generator<StoreChange> {
  yield* everything;
  yield* changesOf(take());
}

async function* slicesOf(changes: Iterable<StoreChange>, clock: Clock): AsyncGenerator<readonly StoreChange[]> {
  const breathe = yieldBetweenSlices(clock);
  let slice: StoreChange[] = [];
  for (const change of changes) {
    slice.push(change);
    if (slice.length < sliceSize) continue;
    yield slice;
    slice = [];
    await breathe();
  }
  if (slice.length > 0) yield slice;
}
