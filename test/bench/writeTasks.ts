import { setTimeout as pause } from 'node:timers/promises';
import { createWrite } from '../../src/service/domain/dispatchWrites.js';
import { openStore } from '../../src/service/store/openStore.js';
import { dispatchDataOf } from './dispatchData.js';

/** What callers of one process do at the same time as those of others. */
export interface WriteTask {
  readonly database: string;
  /** When all processes begin, by the wall clock. */
  readonly startAtMs: number;
  readonly durationMs: number;
  /** Groups of callers; each caller creates one dispatch after the other. */
  readonly groups: readonly CallerGroup[];
}

/** Callers that write to random microgrids of a range. */
export interface CallerGroup {
  readonly callers: number;
  readonly from: number;
  readonly to: number;
}

/** A write: when it began, in milliseconds after the start, and how long it took; whether it was confirmed. */
export type WriteSample = readonly [startMs: number, tookMs: number, confirmed: boolean];

/** @public Run by name in a process of its own: writes to a store of this process. Returns the writes of each group. */
export async function writeForSomeTime(task: WriteTask): Promise<readonly (readonly WriteSample[])[]> {
  const { database, startAtMs, durationMs, groups } = task;
  const store = await openStore(database);
  const dispatchData = dispatchDataOf(1, Math.floor(startAtMs / 1_000));
  const create = (microgridId: number) =>
    store.apply(
      microgridId,
      createWrite({ microgridId: BigInt(microgridId), dispatchData, startImmediately: undefined }),
    );
  try {
    await pause(startAtMs - Date.now());
    const startMs = performance.now();
    const elapsedMs = () => performance.now() - startMs;
    return await Promise.all(
      groups.map(async ({ callers, from, to }) => {
        const samples: WriteSample[] = [];
        async function call(): Promise<void> {
          for (let atMs = elapsedMs(); atMs < durationMs; atMs = elapsedMs()) {
            const microgridId = from + Math.floor(Math.random() * (to - from + 1));
            const confirmed = await create(microgridId).then(
              () => true,
              () => false,
            );
            samples.push([Math.round(atMs), Math.round(10 * (elapsedMs() - atMs)) / 10, confirmed]);
          }
        }
        await Promise.all(Array.from({ length: callers }, call));
        return samples;
      }),
    );
  } finally {
    await store.close();
  }
}
