import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { isAnotherDispatch } from '../../src/model/sameDispatch.js';

/** Maximum time in milliseconds for which a deletion is remembered. */
const memoryMs = 10 * 60_000;

interface Deletion {
  readonly atMs: number;
  /** Undefined: the deletion could not be read, and counts for every dispatch with the id. */
  readonly dispatch: Pick<DispatchRecord, 'createTime'> | undefined;
}

/**
 * Dispatches that a stream reported as deleted, so that a late event does not create them again. Only a list that began later makes an
 * entry obsolete. Another dispatch with the same id is not concerned.
 */
export class RecentDeletions {
  readonly #deletions = new Map<number, Deletion>();
  #sweptMs = Number.NEGATIVE_INFINITY;

  has({ id, createTime }: Pick<DispatchRecord, 'id' | 'createTime'>, nowMs: number): boolean {
    const deletion = this.#deletions.get(id);
    if (deletion === undefined || nowMs - deletion.atMs >= memoryMs) return false;
    return deletion.dispatch === undefined || !isAnotherDispatch(deletion.dispatch, { createTime });
  }

  add(id: number, dispatch: DispatchRecord | undefined, nowMs: number): void {
    if (nowMs - this.#sweptMs >= memoryMs) {
      for (const [oldId, { atMs }] of this.#deletions) if (nowMs - atMs >= memoryMs) this.#deletions.delete(oldId);
      this.#sweptMs = nowMs;
    }
    this.#deletions.set(id, { atMs: nowMs, dispatch: dispatch && { createTime: dispatch.createTime } });
  }

  clear(): void {
    this.#deletions.clear();
  }
}
