/** Microgrids that wait to be read, each once, in the order of their turns. */
export interface Turns {
  readonly size: number;
  /** Adds one at the end, unless it waits already. */
  add(microgridId: number): void;
  /** Takes at most so many from the beginning. */
  take(most: number): readonly number[];
  /** Takes back those that have more to read: those that were not read are the next, the others go to the end. */
  takeBack(unread: readonly number[], read: readonly number[]): void;
  clear(): void;
}

/** Creates an empty queue of turns. */
export function turns(): Turns {
  let waiting = new Set<number>();
  return {
    get size() {
      return waiting.size;
    },
    add(microgridId) {
      waiting.add(microgridId);
    },
    take(most) {
      const taken: number[] = [];
      for (const microgridId of waiting) {
        if (taken.length === most) break;
        waiting.delete(microgridId);
        taken.push(microgridId);
      }
      return taken;
    },
    takeBack(unread, read) {
      waiting = new Set([...unread, ...waiting, ...read]);
    },
    clear() {
      waiting.clear();
    },
  };
}
