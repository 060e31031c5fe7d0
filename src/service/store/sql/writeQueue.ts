import { DispatchError } from '../../../model/dispatchError.js';
import type { AppliedWrite } from '../../domain/dispatchStore.js';
import type { WriteOutcome } from './applyBatch.js';
import type { WriteCall } from './writeBatch.js';

/** Writes that share transactions. */
export interface WriteQueue {
  /** Applies a write together with others that wait; fulfilled once it is committed. */
  apply(call: WriteCall): Promise<AppliedWrite>;
  /** Waits for those that were called, and refuses others. */
  close(): Promise<void>;
}

/** Writes in one transaction. */
const MAX_BATCH_SIZE = 128;
/** Writes that may wait. When the database is slower than the callers, more would only wait longer. */
const MAX_WAITING = 10_000;

interface Waiting extends WriteCall {
  resolve(applied: AppliedWrite): void;
  reject(error: unknown): void;
}

/**
 * Lets writes that wait share a transaction: while one is committed, the next ones gather.
 *
 * When the database refuses a transaction, each half of it is tried alone, down to the call that is to blame: it harms no
 * other. When the database is UNAVAILABLE, all of the transaction are.
 */
export function writeQueue(applyBatch: (calls: readonly WriteCall[]) => Promise<readonly WriteOutcome[]>): WriteQueue {
  const waiting: Waiting[] = [];
  let working: Promise<void> | null = null;
  let closed = false;

  async function work(): Promise<void> {
    // Calls of the same moment come in one after the other: they are to share the first transaction already.
    await new Promise<void>(resolve => setImmediate(resolve));
    while (waiting.length > 0) await settle(waiting.splice(0, MAX_BATCH_SIZE));
    working = null;
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
        if (waiting.length >= MAX_WAITING) throw new DispatchError('RESOURCE_EXHAUSTED', 'too many changes wait');
        waiting.push({ ...call, resolve, reject });
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
