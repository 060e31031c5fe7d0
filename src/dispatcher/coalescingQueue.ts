/** How a queue treats several items about the same thing. */
export interface Coalescing<T> {
  /** What an item is about. */
  readonly keyOf: (item: T) => unknown;
  /** What two items about the same thing come to, null when they cancel each other out. */
  readonly merge: (held: T, next: T) => T | null;
}

interface Entry<T> {
  readonly item: T;
  readonly replayed: boolean;
}

/**
 * A first-in-first-out queue that never drops what an item is about: above its limit, items about the same thing become
 * one at the tail. So it holds at most `limit` items and one for each thing.
 */
export class CoalescingQueue<T> {
  readonly #limit: number;
  readonly #coalescing: Coalescing<T>;
  readonly #entries = new Map<number, Entry<T>>();
  /** The places of the items about each thing, in order. */
  readonly #places = new Map<unknown, number[]>();
  #nextPlace = 0;
  /** No item has a place before this one. */
  #firstPlace = 0;
  #replayedCount = 0;
  #coalescedCount = 0;

  constructor(limit: number, coalescing: Coalescing<T>) {
    this.#limit = limit;
    this.#coalescing = coalescing;
  }

  /** How many items became one with a later item. */
  get coalescedCount(): number {
    return this.#coalescedCount;
  }

  /** Puts an item that tells of the past: it counts toward no limit, and gives way to any later one about its thing. */
  replay(item: T): void {
    this.#append(item, true);
  }

  push(item: T): void {
    const place = this.#places.get(this.#coalescing.keyOf(item))?.at(-1);
    const held = place === undefined ? undefined : this.#entries.get(place);
    const isFull = this.#entries.size - this.#replayedCount >= this.#limit;
    if (place === undefined || held === undefined || !(held.replayed || isFull)) {
      this.#append(item, false);
      return;
    }
    this.#remove(place);
    const next = held.replayed ? item : this.#coalescing.merge(held.item, item);
    if (!held.replayed) this.#coalescedCount += 1;
    if (next !== null) this.#append(next, false);
  }

  /** Takes the first item, undefined when there is none. */
  shift(): T | undefined {
    // A map that is iterated from its beginning walks over what was deleted.
    for (; this.#firstPlace < this.#nextPlace; this.#firstPlace += 1) {
      const entry = this.#entries.get(this.#firstPlace);
      if (entry === undefined) continue;
      this.#remove(this.#firstPlace);
      return entry.item;
    }
    return undefined;
  }

  clear(): void {
    this.#entries.clear();
    this.#places.clear();
    this.#replayedCount = 0;
  }

  #append(item: T, replayed: boolean): void {
    const place = this.#nextPlace++;
    this.#entries.set(place, { item, replayed });
    const key = this.#coalescing.keyOf(item);
    const places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, [place]);
    else places.push(place);
    if (replayed) this.#replayedCount += 1;
  }

  #remove(place: number): void {
    const entry = this.#entries.get(place);
    if (entry === undefined) return;
    this.#entries.delete(place);
    if (entry.replayed) this.#replayedCount -= 1;
    const key = this.#coalescing.keyOf(entry.item);
    const places = this.#places.get(key);
    if (places === undefined || places.length === 1) this.#places.delete(key);
    else places.splice(places.indexOf(place), 1);
  }
}
