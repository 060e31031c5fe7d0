import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type WriteQueue, writeQueue } from '../../../src/service/store/sql/writeQueue.js';
import { deferred } from '../../support/deferred.js';
import { creation } from '../../support/dispatchRow.js';

/** A queue whose first transaction waits until the database answers, with what was applied. */
function slowQueue() {
  const database = deferred();
  const applied: number[] = [];
  const queue = writeQueue(async calls => {
    await database.promise;
    applied.push(...calls.map(({ microgridId }) => microgridId));
    return calls.map(() => ({ applied: { seq: 1, dispatch: null } }));
  });
  return { queue, applied, answer: database.resolve };
}

/** Of one that many calls have. */
function abortController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

const apply = (queue: WriteQueue, microgridId: number, signal?: AbortSignal) =>
  queue.apply({ microgridId, write: { ...creation(), signal } });

describe('writeQueue', () => {
  it('drops what waits when nobody waits for it any more, and makes the rest', async () => {
    const { queue, applied, answer } = slowQueue();
    const gone = abortController();
    const first = apply(queue, 1);
    // The first transaction has begun.
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
    const dropped = Array.from({ length: 300 }, () => apply(queue, 2, gone.signal));
    const kept = apply(queue, 3, new AbortController().signal);
    gone.abort();
    for (const write of dropped) await expect(write).rejects.toMatchObject({ name: 'AbortError' });
    await expect(apply(queue, 4, gone.signal)).rejects.toMatchObject({ name: 'AbortError' });
    answer();
    await Promise.all([first, kept]);
    await queue.close();
    expect(applied).toEqual([1, 3]);
  });

  it('makes what has begun, also when nobody waits for it any more', async () => {
    const { queue, applied, answer } = slowQueue();
    const gone = abortController();
    const first = apply(queue, 1, gone.signal);
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
    gone.abort();
    answer();
    await first;
    expect(applied).toEqual([1]);
  });

  it('leaves room for others when callers give up', async () => {
    const { queue, answer } = slowQueue();
    const gone = abortController();
    const first = apply(queue, 1);
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
    const dropped = Array.from({ length: 10_000 }, () => apply(queue, 2, gone.signal).catch(() => {}));
    await expect(apply(queue, 3)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    gone.abort();
    await Promise.all(dropped);
    const next = apply(queue, 3);
    answer();
    await Promise.all([first, next]);
  });
});
