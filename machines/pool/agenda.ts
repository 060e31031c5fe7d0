/** Kind of an agenda entry. At one time starts come before stops, and both before forgetting. */
export type AgendaKind = 'start' | 'stop' | 'forget';

/** An entry of an {@link Agenda}, which updates its index. */
export interface AgendaEntry {
  readonly id: number;
  /** Milliseconds since the epoch. */
  atMs: number;
  kind: AgendaKind;
  /** Heap index; {@link notInAgenda} when it is in no agenda. */
  place: number;
}

/** Heap index of an entry that is in no agenda. */
export const notInAgenda = -1;

const rank: Record<AgendaKind, number> = { start: 0, stop: 1, forget: 2 };

/** Arity of the heap: it has fewer levels than a binary heap, so operations touch fewer entries. */
const arity = 4;

/**
 * An indexed heap of the next change of each dispatch, ordered by (time, start before stop, id). `set` and `delete` cost O(log n),
 * `head` O(1).
 */
export class Agenda<T extends AgendaEntry> {
  readonly #heap: T[] = [];
  /** Times of the entries by heap index; reading them from the entries, which are scattered in memory, costs far more. */
  readonly #times: number[] = [];

  /** Number of entries. */
  get size(): number {
    return this.#heap.length;
  }

  /** The first entry; null: none. */
  head(): T | null {
    return this.#heap[0] ?? null;
  }

  /** Inserts or moves an entry. */
  set(entry: T, atMs: number, kind: AgendaKind): void {
    entry.atMs = atMs;
    entry.kind = kind;
    this.#put(entry, entry.place === notInAgenda ? this.#heap.length : entry.place);
    this.#rise(this.#sink(entry.place));
  }

  /** Removes an entry if it is in the heap. */
  delete(entry: T): void {
    const { place } = entry;
    if (place === notInAgenda) return;
    entry.place = notInAgenda;
    this.#times.pop();
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#put(last, place);
    this.#rise(this.#sink(place));
  }

  /** Sifts an entry down; returns its index. */
  #sink(from: number): number {
    const entry = this.#heap[from];
    let place = from;
    while (entry !== undefined) {
      const first = arity * place + 1;
      let least = first;
      for (let child = first + 1; child < first + arity && child < this.#heap.length; child++) {
        if (this.#isBefore(child, least)) least = child;
      }
      const next = this.#heap[least];
      if (next === undefined || !isBefore(next, entry)) break;
      this.#put(next, place);
      place = least;
    }
    if (entry !== undefined && place !== from) this.#put(entry, place);
    return place;
  }

  /** Sifts an entry up. */
  #rise(from: number): void {
    const entry = this.#heap[from];
    let place = from;
    while (entry !== undefined && place > 0) {
      const above = Math.floor((place - 1) / arity);
      const parent = this.#heap[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    if (entry !== undefined && place !== from) this.#put(entry, place);
  }

  #put(entry: T, place: number): void {
    this.#heap[place] = entry;
    this.#times[place] = entry.atMs;
    entry.place = place;
  }

  /** Whether the entry at one index comes before the entry at another. */
  #isBefore(a: number, b: number): boolean {
    const timeA = this.#times[a];
    const timeB = this.#times[b];
    if (timeA === undefined || timeB === undefined) return false;
    if (timeA !== timeB) return timeA < timeB;
    const entryA = this.#heap[a];
    const entryB = this.#heap[b];
    return entryA !== undefined && entryB !== undefined && isBefore(entryA, entryB);
  }
}

function isBefore(a: AgendaEntry, b: AgendaEntry): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.kind !== b.kind) return rank[a.kind] < rank[b.kind];
  return a.id < b.id;
}
