/** A deletion is remembered this long at most. */
const memoryMs = 10 * 60_000;

/**
 * The ids that a stream said are deleted, so that an event which was overtaken does not bring one back. Ids are never
 * used again, so only a list that began later can prove such a memory obsolete.
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
