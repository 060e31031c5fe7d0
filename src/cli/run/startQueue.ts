import { setImmediate } from 'node:timers/promises';

/**
 * Starts processes one after the other, with other work between them: to start one takes some milliseconds in which nothing else happens,
 * and hundreds of runs may start at one instant.
 */
export class StartQueue {
  readonly #waiting = new Set<() => void>();
  #isStarting = false;

  /**
   * Adds a process. It is started at once when none waits.
   *
   * @param start Starts it. It must not throw.
   * @returns How to remove it; that returns false when it was started already.
   */
  add(start: () => void): () => boolean {
    this.#waiting.add(start);
    void this.#startAll();
    return () => this.#waiting.delete(start);
  }

  async #startAll(): Promise<void> {
    if (this.#isStarting) return;
    this.#isStarting = true;
    for (const start of this.#waiting) {
      this.#waiting.delete(start);
      start();
      await setImmediate();
    }
    this.#isStarting = false;
  }
}
