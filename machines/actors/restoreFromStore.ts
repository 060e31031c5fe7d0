import { DispatchError } from '../../src/model/dispatchError.js';
import { type Clock, yieldBetweenSlices } from '../protocol/clock.js';
import {
  type DispatcherStore,
  readSyncPosition,
  type StoredPage,
  type SyncPosition,
} from '../protocol/dispatcherStore.js';
import type { RestoreEvent } from '../protocol/messages.js';
import { openForOne } from './storeUse.js';

/** Delay between two attempts to open a store that is in use, in milliseconds. */
const lockedRetryMs = 1_000;

/** Maximum number of dispatches per event. */
const batchSize = 32;

/** Arguments of {@link openStore} and {@link restoreFromStore}. */
export interface StoreAccess {
  readonly store: DispatcherStore;
  readonly microgridId: number;
  readonly clock: Clock;
  /** Aborts when the dispatcher stops. */
  readonly signal: AbortSignal;
  readonly report: (problem: DispatchError) => void;
}

/** How far the stored dispatches were in sync with their service. */
export interface RestorePoint {
  readonly synced: boolean;
  readonly position: SyncPosition | null;
}

/**
 * Opens a store. A store that is in use (`UNAVAILABLE`) is reported once and opened when it becomes free. Null when it cannot be
 * opened, which is reported, and when the dispatcher stops first.
 */
export async function openStore(access: StoreAccess): Promise<RestorePoint | null> {
  const { store, microgridId, clock, signal, report } = access;
  for (let isReported = false; !signal.aborted; isReported = true) {
    try {
      const opened: { synced?: unknown; position?: unknown } | undefined = await openForOne(store, {
        microgridId,
      });
      return { synced: opened?.synced === true, position: readSyncPosition(opened?.position) };
    } catch (error) {
      const problem = DispatchError.from(error, { microgridId });
      if (!isReported) report(problem);
      if (problem.code !== 'UNAVAILABLE') return null;
    }
    await wait(clock, lockedRetryMs, signal);
  }
  return null;
}

/**
 * Reads the dispatches of an open store. When it fails midway, that is a problem, and the dispatches read so far count.
 *
 * @param deliver Sends an event to the pool and waits until it is processed.
 */
export async function restoreFromStore(
  { store, microgridId, clock, signal, report }: StoreAccess,
  { synced, position }: RestorePoint,
  deliver: (event: RestoreEvent) => Promise<boolean>,
): Promise<void> {
  const breathe = yieldBetweenSlices(clock);
  if (!(await deliver({ type: 'restore.started' }))) return;
  let complete = true;
  const reportLoss = (problem: DispatchError) => {
    complete = false;
    report(problem);
  };
  try {
    // A store of the user's may give a promise of it.
    for await (const page of await store.load({ microgridId })) {
      if (!isPage(page)) throw new DispatchError('DATA_LOSS', 'the store returned an invalid page of dispatches');
      for (const problem of page.problems) reportLoss(DispatchError.from(problem, { microgridId }));
      for (let i = 0; i < page.dispatches.length && !signal.aborted; i += batchSize) {
        await deliver({ type: 'restore.brought', dispatches: page.dispatches.slice(i, i + batchSize) });
        await breathe();
      }
      if (signal.aborted) return;
    }
  } catch (error) {
    reportLoss(DispatchError.from(error, { microgridId }));
  }
  if (!signal.aborted) await deliver({ type: 'restore.ended', synced, position, complete });
}

function isPage(page: unknown): page is StoredPage {
  const { dispatches, problems } = (page ?? {}) as Partial<StoredPage>;
  return Array.isArray(dispatches) && Array.isArray(problems);
}

async function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>(resolve => {
    const undo = clock.setTimer(resolve, ms);
    signal.addEventListener('abort', () => {
      undo();
      resolve();
    });
  });
}
