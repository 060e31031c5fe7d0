import type { ChangeQueue } from './changeQueue.js';

/**
 * Overflows the queues that hold most, until all together hold at most so many bytes: memory belongs to all streams.
 *
 * @param hubs - the queues of each microgrid. They share their messages, so the one that holds most counts.
 */
export function boundWaiting(hubs: Iterable<ReadonlySet<ChangeQueue>>, maxBytes: number): void {
  const holding = [...hubs].map(queues => ({ queues, bytes: mostBytes(queues) })).filter(({ bytes }) => bytes > 0);
  let total = holding.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { queues, bytes } of holding.sort((a, b) => b.bytes - a.bytes)) {
    if (total <= maxBytes) return;
    // Those that hold little are read.
    for (const queue of queues) if (queue.bytes >= bytes / 2) queue.overflow();
    total -= bytes - mostBytes(queues);
  }
}

function mostBytes(queues: ReadonlySet<ChangeQueue>): number {
  let most = 0;
  for (const { bytes } of queues) most = Math.max(most, bytes);
  return most;
}
