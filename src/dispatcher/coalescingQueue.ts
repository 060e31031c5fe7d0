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
  /** The places of the items of each subject, in order; null until needed, since most queues never reach their limit. */
  #places: Map<unknown, number[]> | null = null;
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
    return this.#items.size > 0 && this.#indexed().has(this.#coalescing.keyOf(item));
  }

  push(item: T): void {
    const place =
      this.#items.size < this.#limit ? undefined : this.#indexed().get(this.#coalescing.keyOf(item))?.at(-1);
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
    this.#places = null;
  }

  #append(item: T): void {
    const place = this.#nextPlace++;
    this.#items.set(place, item);
    if (this.#places !== null) this.#index(this.#places, place, item);
  }

  #remove(place: number, item: T): void {
    this.#items.delete(place);
    if (this.#items.size === 0) this.#places = null;
    if (this.#places === null) return;
    const key = this.#coalescing.keyOf(item);
    const places = this.#places.get(key);
    if (places === undefined || places.length === 1) this.#places.delete(key);
    else places.splice(places.indexOf(place), 1);
  }

  #indexed(): Map<unknown, number[]> {
    if (this.#places !== null) return this.#places;
    const index = new Map<unknown, number[]>();
    for (const [place, item] of this.#items) this.#index(index, place, item);
    this.#places = index;
    return index;
  }

  #index(index: Map<unknown, number[]>, place: number, item: T): void {
    const key = this.#coalescing.keyOf(item);
    const places = index.get(key);
    if (places === undefined) index.set(key, [place]);
    else places.push(place);
  }
}
