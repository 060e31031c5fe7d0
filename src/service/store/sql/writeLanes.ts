import { DispatchError } from '../../../model/dispatchError.js';
import type { AppliedWrite } from '../../domain/dispatchStore.js';
import { type ApplyBatch, settleBatch } from './settleBatch.js';
import type { WriteCall } from './writeBatch.js';
import { type TakenWrite, type WriteLane, writeLane } from './writeLane.js';

/** Writes that wait for transactions, in a lane for each microgrid. */
export interface WriteLanes {
  /** Applies a write, in one transaction with others; resolves once it is committed. */
  apply(call: WriteCall): Promise<AppliedWrite>;
  /** Waits for the writes there are, and refuses new ones. */
  close(): Promise<void>;
}

/**
 * Maximum number of writes in a transaction, and so of its microgrids. A larger one shares its commit among more writes, but it leaves fewer
 * callers that go on meanwhile: with 128 callers of one microgrid, 64 writes a transaction are about a fifth faster than 128.
 */
const MAX_BATCH_SIZE = 64;
/** Maximum number of pending writes. When the database is slower than the callers, more would only wait longer. */
const MAX_PENDING = 10_000;
/**
 * Number of transactions that begin as soon as there are writes, or that are full. More than these begin some time after the one before, so
 * that they take more writes each, which costs less than many small ones.
 */
const AT_ONCE = 2;
const GATHER_MS = 2;
/** How often in succession a lane is skipped because its microgrid is locked, before it waits for the lock. */
const MAX_SKIPS = 3;
/** Time until a lane that was skipped is tried again: about that of a commit; and that of a lane that may wait for its lock. */
const SKIPPED_MS = 5;
const STUCK_MS = 25;

/** Lanes of one transaction. */
interface Chosen {
  readonly chosen: readonly WriteLane[];
  readonly waits: boolean;
}

/**
 * Creates lanes. While transactions are under way, the next writes gather.
 *
 * Transactions that are under way at the same time are about different microgrids. A microgrid that another process has locked is skipped,
 * and tried again a moment later. When that does not help its lane waits for the lock, alone in a transaction; one lane at a time does so,
 * in turn. When a transaction waited in vain for something else, such as a dispatch that is locked, each of its lanes is tried alone
 * in this way until it succeeds. So whoever holds a lock delays the writes of other microgrids only for a moment.
 *
 * @param maxTransactions - maximum number of transactions at the same time.
 */
export function writeLanes(applyBatch: ApplyBatch, maxTransactions: number): WriteLanes {
  /** All that have writes, or that a transaction is about. */
  const lanes = new Map<number, WriteLane>();
  /** Those that the next transaction may be about, in turn. */
  const ready = new Set<WriteLane>();
  /** Those that were skipped too often, or are apart: the first one may wait for its lock. */
  const stuck = new Set<WriteLane>();
  let isLockAwaited = false;
  let running = 0;
  let pending = 0;
  let isDue = false;
  /** When the last transaction began. */
  let startedMs = Number.NEGATIVE_INFINITY;
  let isGathering = false;
  let closed = false;
  let onEmpty = () => {};

  async function apply(call: WriteCall): Promise<AppliedWrite> {
    if (closed) throw new DispatchError('UNAVAILABLE', 'the store is closed');
    if (pending >= MAX_PENDING) throw new DispatchError('RESOURCE_EXHAUSTED', 'too many writes are waiting');
    const lane = lanes.get(call.microgridId) ?? newLane(call.microgridId);
    pending += 1;
    try {
      return await lane.add(call);
    } finally {
      pending -= 1;
    }
  }

  function newLane(microgridId: number): WriteLane {
    const lane = writeLane(microgridId);
    lanes.set(microgridId, lane);
    makeReady(lane);
    return lane;
  }

  function makeReady(lane: WriteLane): void {
    ready.add(lane);
    schedule();
  }

  function schedule(): void {
    if (isDue) return;
    isDue = true;
    // Concurrent calls arrive one after the other: they should share the first transaction.
    setImmediate(() => {
      isDue = false;
      start();
    });
  }

  function start(): void {
    while (running < maxTransactions) {
      const next = choose();
      if (next.chosen.length === 0) return;
      const isFree = running - (isLockAwaited ? 1 : 0) < AT_ONCE;
      const isFull = next.chosen.length === MAX_BATCH_SIZE;
      const gatherMs = isFree || isFull ? 0 : startedMs + GATHER_MS - performance.now();
      if (gatherMs > 0) {
        if (!isGathering) setTimeout(gathered, gatherMs);
        isGathering = true;
        return;
      }
      startedMs = performance.now();
      void run(next);
    }
  }

  function gathered(): void {
    isGathering = false;
    start();
  }

  function choose(): Chosen {
    const [first] = stuck;
    const waits = first !== undefined && ready.has(first) && !isLockAwaited;
    return { chosen: waits ? [first] : firstTogether(ready, MAX_BATCH_SIZE), waits };
  }

  function take(chosen: readonly WriteLane[]): TakenWrite[] {
    const calls: TakenWrite[] = [];
    // One write of each lane in turn, so that a lane with many leaves room for the others.
    const turns = [...chosen];
    for (let lane = turns.shift(); lane && calls.length < MAX_BATCH_SIZE; lane = turns.shift()) {
      const call = lane.take();
      if (!call) continue;
      calls.push(call);
      turns.push(lane);
    }
    return calls;
  }

  async function run({ chosen, waits }: Chosen): Promise<void> {
    for (const lane of chosen) ready.delete(lane);
    running += 1;
    isLockAwaited ||= waits;
    const skipped = await settleBatch(applyBatch, take(chosen), waits);
    running -= 1;
    isLockAwaited &&= !waits;
    for (const lane of chosen) {
      const back = skipped.filter(({ call }) => call.microgridId === lane.microgridId);
      lane.putBack(back.map(({ call }) => call));
      lane.isApart = waits ? lane.isApart && back.length > 0 : back.some(({ isHeld }) => isHeld);
      if (waits || back.length === 0) stuck.delete(lane);
      if (back.length > 0 && lane.size > 0) pause(lane);
      else resume(lane);
    }
    schedule();
  }

  function pause(lane: WriteLane): void {
    lane.skips += 1;
    if (lane.isApart || lane.skips >= MAX_SKIPS) stuck.add(lane);
    setTimeout(() => makeReady(lane), lane.skips >= MAX_SKIPS ? STUCK_MS : SKIPPED_MS);
  }

  function resume(lane: WriteLane): void {
    lane.skips = 0;
    if (lane.size > 0) makeReady(lane);
    else lanes.delete(lane.microgridId);
    if (lanes.size === 0) onEmpty();
  }

  return {
    apply,
    async close() {
      closed = true;
      if (lanes.size === 0) return;
      await new Promise<void>(resolve => {
        onEmpty = resolve;
      });
    },
  };
}

/** The first lanes that may share a transaction. */
function firstTogether(lanes: Iterable<WriteLane>, count: number): WriteLane[] {
  const first: WriteLane[] = [];
  for (const lane of lanes) {
    if (first.length === count) break;
    if (!lane.isApart) first.push(lane);
  }
  return first;
}
