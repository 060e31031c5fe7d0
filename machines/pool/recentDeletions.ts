/** Maximum time in milliseconds for which a deletion is remembered. */
const memoryMs = 10 * 60_000;

/**
 * Ids of dispatches that a stream reported as deleted, so that a late event does not create them again. Ids are never reused, so
 * only a list that began later makes an entry obsolete.
 */
export class RecentDeletions {
  readonly #atMs = new Map<number, number>();
  #sweptMs = Number.NEGATIVE_INFINITY;

  has(id: number, nowMs: number): boolean {
    const atMs = this.#atMs.get(id);
    return atMs !== undefined && nowMs - atMs < memoryMs;
  }

  add(id: number, nowMs: number): void {
    if (nowMs - this.#sweptMs >= memoryMs) {
      for (const [oldId, atMs] of this.#atMs) if (nowMs - atMs >= memoryMs) this.#atMs.delete(oldId);
      this.#sweptMs = nowMs;
    }
    this.#atMs.set(id, nowMs);
  }

  clear(): void {
    this.#atMs.clear();
  }
}
