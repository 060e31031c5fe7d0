import { expect, it } from 'vitest';
import { boundWaiting } from '../../../src/service/feed/boundWaiting.js';
import { type ChangeQueue, changeQueue } from '../../../src/service/feed/changeQueue.js';

const overflowed: string[] = [];

/** A queue with so many changes of 100 bytes. */
function queueOf(name: string, changes: number): ChangeQueue {
  const queue = changeQueue({ changes: 1_000, bytes: 1_000_000 }, () => overflowed.push(name));
  for (let seq = 1; seq <= changes; seq += 1)
    queue.push({ microgridId: 1, seq, id: 1, kind: 'updated', atUs: seq, message: new Uint8Array(100) });
  return queue;
}

it('ends the streams of the microgrids that hold most, and only those that lag, until the rest is little enough', async () => {
  const small = new Set([queueOf('small', 10)]);
  const idle = new Set([queueOf('idle', 0)]);
  // They share their messages: together they hold no more than the first one.
  const medium = new Set(Array.from({ length: 50 }, () => queueOf('medium', 20)));
  const [lagging, behind, read] = [queueOf('lagging', 60), queueOf('behind', 30), queueOf('read', 5)];
  const large = new Set([read, lagging, behind]);
  const hubs = [small, large, idle, medium];
  boundWaiting(hubs, 9_000);
  expect(overflowed).toEqual([]);
  boundWaiting(hubs, 8_999);
  expect(overflowed).toEqual(['lagging', 'behind']);
  await expect(lagging.next()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  expect((await read.next()).seq).toBe(1);
  boundWaiting(hubs, 3_500);
  expect(overflowed).toHaveLength(2);
  boundWaiting(hubs, 1_500);
  expect(overflowed).toHaveLength(52);
});
