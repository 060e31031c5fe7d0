/** How a queue merges items about the same subject. */
export interface Coalescing<T> {
  /** The subject of an item, compared as a key of a Map. */
  readonly keyOf: (item: T) => unknown;
  /** The net effect of two items about the same subject; null when they cancel each other out. */
  readonly merge: (held: T, next: T) => T | null;
}

/**
 * A first-in-first-out queue without loss of the final state of a subject: above the limit, items about the same subject are merged
 * into one at the tail. The queue holds at most `limit` items plus one per subject.
 */
export class CoalescingQueue<T> {
  readonly #limit: number;
  readonly #coalescing: Coalescing<T>;
  readonly #items = new Map<number, T>();
  /** The places of the items of each subject, in order. */
  readonly #places = new Map<unknown, number[]>();
  #nextPlace = 0;
  /** Lower bound of the places. */
  #firstPlace = 0;
  #coalescedCount = 0;

  constructor(limit: number, coalescing: Coalescing<T>) {
    this.#limit = limit;
    this.#coalescing = coalescing;
  }

  /** Number of items that were merged with a later one. */
  get coalescedCount(): number {
    return this.#coalescedCount;
  }

  /** Whether the queue holds an item about the same subject. */
  hasLike(item: T): boolean {
    return this.#places.has(this.#coalescing.keyOf(item));
  }

  push(item: T): void {
    const place = this.#items.size < this.#limit ? undefined : this.#places.get(this.#coalescing.keyOf(item))?.at(-1);
    const held = place === undefined ? undefined : this.#items.get(place);
    if (place === undefined || held === undefined) {
      this.#append(item);
      return;
    }
    this.#remove(place, held);
    this.#coalescedCount += 1;
    const next = this.#coalescing.merge(held, item);
    if (next !== null) this.#append(next);
  }

  /** Removes and returns the first item; undefined when the queue is empty. */
  shift(): T | undefined {
    // A map that is iterated from its beginning walks over what was deleted.
    for (; this.#firstPlace < this.#nextPlace; this.#firstPlace += 1) {
      const item = this.#items.get(this.#firstPlace);
      if (item === undefined) continue;
      this.#remove(this.#firstPlace, item);
      return item;
    }
    return undefined;
  }

  clear(): void {
    this.#items.clear();
    this.#places.clear();
  }

  #append(item: T): void {
    const place = this.#nextPlace++;
    this.#items.set(place, item);
    const key = this.#coalescing.keyOf(item);
    const places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, [place]);
    else places.push(place);
  }

  #remove(place: number, item: T): void {
    this.#items.delete(place);
    const key = this.#coalescing.keyOf(item);
    const places = this.#places.get(key);
    if (places === undefined || places.length === 1) this.#places.delete(key);
    else places.splice(places.indexOf(place), 1);
  }
}
