import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { isAnotherDispatch } from '../../src/model/sameDispatch.js';

interface Deletion {
  readonly atMs: number;
  /** Undefined: the deletion could not be read, and counts for every dispatch with the id. */
  readonly dispatch: Pick<DispatchRecord, 'createTime'> | undefined;
}

/**
 * Dispatches that were deleted, so that a late event does not create them again. Another dispatch with the same id is not concerned.
 */
export class RecentDeletions {
  readonly #memoryMs: number;
  readonly #deletions = new Map<number, Deletion>();
  #sweptMs = Number.NEGATIVE_INFINITY;

  /** @param memoryMs Maximum time in milliseconds for which a deletion is remembered. */
  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  has({ id, createTime }: Pick<DispatchRecord, 'id' | 'createTime'>, nowMs: number): boolean {
    const deletion = this.#deletions.get(id);
    if (deletion === undefined || nowMs - deletion.atMs >= this.#memoryMs) return false;
    return deletion.dispatch === undefined || !isAnotherDispatch(deletion.dispatch, { createTime });
  }

  add(id: number, dispatch: DispatchRecord | undefined, nowMs: number): void {
    if (nowMs - this.#sweptMs >= this.#memoryMs) {
      for (const [oldId, { atMs }] of this.#deletions) {
        if (nowMs - atMs >= this.#memoryMs) this.#deletions.delete(oldId);
      }
      this.#sweptMs = nowMs;
    }
    this.#deletions.set(id, { atMs: nowMs, dispatch: dispatch && { createTime: dispatch.createTime } });
  }

  clear(): void {
    this.#deletions.clear();
  }
}
