/** How a queue treats several items about the same thing. */
export interface Coalescing<T> {
  /** What an item is about. */
  readonly keyOf: (item: T) => unknown;
  /** What two items about the same thing come to, null when they cancel each other out. */
  readonly merge: (held: T, next: T) => T | null;
}

/**
 * A first-in-first-out queue that never drops what an item is about: above its limit, items about the same thing become
 * one at the tail. So it holds at most `limit` items and one for each thing.
 */
export class CoalescingQueue<T> {
  readonly #limit: number;
  readonly #coalescing: Coalescing<T>;
  readonly #items = new Map<number, T>();
  /** The places of the items about each thing, in order. */
  readonly #places = new Map<unknown, number[]>();
  #nextPlace = 0;
  /** No item has a place before this one. */
  #firstPlace = 0;
  #coalescedCount = 0;

  constructor(limit: number, coalescing: Coalescing<T>) {
    this.#limit = limit;
    this.#coalescing = coalescing;
  }

  /** How many items became one with a later item. */
  get coalescedCount(): number {
    return this.#coalescedCount;
  }

  /** Whether it has an item about the same thing. */
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

  /** Takes the first item, undefined when there is none. */
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
