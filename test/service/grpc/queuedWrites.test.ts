import { Status } from 'nice-grpc-common';
import { expect, it } from 'vitest';
import { RecurrenceRule_Frequency } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { DispatchStore, DispatchWrite } from '../../../src/service/domain/dispatchStore.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { deferred } from '../../support/deferred.js';
import { dispatchData } from '../../support/rawService.js';
import { servedStore } from '../../support/servedStore.js';

/** A store that keeps what it is asked to write, and answers nothing. */
function hangingStore() {
  const writes: DispatchWrite[] = [];
  const asked = deferred();
  const store: DispatchStore = {
    ...memoryStore(),
    apply(_, write) {
      writes.push(write);
      asked.resolve();
      return new Promise((_resolve, reject) =>
        write.signal?.addEventListener('abort', () => reject(write.signal?.reason)),
      );
    },
  };
  return { store, writes, asked: asked.promise };
}

it('a write that is wrong whatever is stored does not wait for the store', async () => {
  const { store, writes } = hangingStore();
  await using served = await servedStore(store);
  const target = { components: { $case: 'componentIds' as const, value: { ids: Array<bigint>(60_000).fill(1n) } } };
  const refused = { code: Status.INVALID_ARGUMENT };
  const { createMicrogridDispatch: create, updateMicrogridDispatch: update } = served.dispatches;
  await expect(create({ microgridId: 1n, dispatchData: dispatchData({ target }) })).rejects.toMatchObject(refused);
  await expect(create({ microgridId: 1n, startImmediately: true })).rejects.toMatchObject(refused);
  const recurrence = {
    freq: RecurrenceRule_Frequency.HOURLY,
    interval: 2,
    byhours: [Math.floor(Date.now() / 3_600_000 + 2) % 24],
  };
  for (const data of [{ recurrence }, { startTime: { seconds: 253_402_300_799n, nanos: 0 } }]) {
    await expect(create({ microgridId: 1n, dispatchData: dispatchData(data) })).rejects.toMatchObject(refused);
  }
  for (const updateMask of [['target'], ['type'], ['recurrence.byhours']]) {
    const change = { target, recurrence: { byhours: [24] } };
    const ids = { microgridId: 1n, dispatchId: 1n };
    await expect(update({ ...ids, updateMask, update: change })).rejects.toMatchObject(refused);
  }
  expect(writes).toEqual([]);
});

it('a write that nobody waits for any more is told so', async () => {
  const { store, writes, asked } = hangingStore();
  await using served = await servedStore(store);
  const gone = new AbortController();
  const call = served.dispatches.createMicrogridDispatch(
    { microgridId: 1n, dispatchData: dispatchData() },
    { signal: gone.signal },
  );
  call.catch(() => {});
  await asked;
  expect(writes[0]?.signal?.aborted).toBe(false);
  gone.abort();
  await expect.poll(() => writes[0]?.signal?.aborted).toBe(true);
});
