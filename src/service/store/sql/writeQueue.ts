import { DispatchError } from '../../../model/dispatchError.js';
import type { AppliedWrite } from '../../domain/dispatchStore.js';
import type { WriteOutcome } from './applyBatch.js';
import type { WriteCall } from './writeBatch.js';

/** A queue of writes that share transactions. */
export interface WriteQueue {
  /** Applies a write together with waiting ones; resolves once it is committed. */
  apply(call: WriteCall): Promise<AppliedWrite>;
  /** Waits for queued writes, and refuses new ones. */
  close(): Promise<void>;
}

/** Maximum number of writes in a transaction. */
const MAX_BATCH_SIZE = 128;
/** Maximum number of waiting writes. When the database is slower than the callers, more would only wait longer. */
const MAX_WAITING = 10_000;

interface Waiting extends WriteCall {
  /** Makes its signal drop it no longer. */
  begin(): void;
  resolve(applied: AppliedWrite): void;
  reject(error: unknown): void;
}

/**
 * Creates a queue: while a transaction is committed, the next writes gather. Those whose signal aborts meanwhile are dropped.
 *
 * When the database refuses a transaction, each half of it is tried alone, down to the write that caused it, so that it affects no
 * other. When the database is UNAVAILABLE, so are all writes of the transaction.
 */
export function writeQueue(applyBatch: (calls: readonly WriteCall[]) => Promise<readonly WriteOutcome[]>): WriteQueue {
  const waiting = new Set<Waiting>();
  let working: Promise<void> | null = null;
  let closed = false;

  async function work(): Promise<void> {
    // Concurrent calls arrive one after the other: they should share the first transaction.
    await new Promise<void>(resolve => setImmediate(resolve));
    while (waiting.size > 0) await settle(nextBatch());
    working = null;
  }

  function nextBatch(): readonly Waiting[] {
    const batch: Waiting[] = [];
    for (const call of waiting) {
      if (batch.length === MAX_BATCH_SIZE) break;
      batch.push(call);
      call.begin();
      waiting.delete(call);
    }
    return batch;
  }

  async function settle(calls: readonly Waiting[]): Promise<void> {
    let outcomes: readonly WriteOutcome[];
    try {
      outcomes = await applyBatch(calls);
    } catch (error) {
      await settleFailure(calls, error);
      return;
    }
    for (const [index, { resolve, reject }] of calls.entries()) {
      const outcome = outcomes[index] as WriteOutcome;
      if ('applied' in outcome) resolve(outcome.applied);
      else reject(outcome.refusal);
    }
  }

  async function settleFailure(calls: readonly Waiting[], error: unknown): Promise<void> {
    if (calls.length === 1 || isUnavailable(error)) {
      for (const { reject } of calls) reject(error);
      return;
    }
    const half = calls.length >> 1;
    await settle(calls.slice(0, half));
    await settle(calls.slice(half));
  }

  return {
    apply: call =>
      new Promise((resolve, reject) => {
        if (closed) throw new DispatchError('UNAVAILABLE', 'the store is closed');
        if (waiting.size >= MAX_WAITING) throw new DispatchError('RESOURCE_EXHAUSTED', 'too many writes are waiting');
        const { signal } = call.write;
        signal?.throwIfAborted();
        const drop = () => {
          waiting.delete(queued);
          reject(signal?.reason);
        };
        const begin = () => signal?.removeEventListener('abort', drop);
        const queued = { ...call, begin, resolve, reject };
        waiting.add(queued);
        signal?.addEventListener('abort', drop, { once: true });
        working ??= work();
      }),
    async close() {
      closed = true;
      await working;
    },
  };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DispatchError && error.code === 'UNAVAILABLE';
}
