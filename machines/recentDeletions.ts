/** A deletion is remembered this long at most. */
const memoryMs = 10 * 60_000;

/**
 * The ids that a stream said are deleted, so that an event which was overtaken does not bring one back. Ids are never
 * used again, so only a list that began later can prove such a memory obsolete.
 */
export class RecentDeletions {
  readonly #atMs = new Map<number, number>();

  has(id: number): boolean {
    return this.#atMs.has(id);
  }

  add(id: number, atMs: number): void {
    for (const [oldId, oldMs] of this.#atMs) {
      if (atMs - oldMs < memoryMs) break;
      this.#atMs.delete(oldId);
    }
    this.#atMs.set(id, atMs);
  }

  clear(): void {
    this.#atMs.clear();
  }
}
