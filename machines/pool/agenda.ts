/** What an agenda entry is for. At one instant starts come before stops, and both before forgetting. */
export type AgendaKind = 'start' | 'stop' | 'forget';

/** Something that has a place in an {@link Agenda}, which keeps it up to date. */
export interface AgendaEntry {
  readonly id: number;
  /** Milliseconds since the epoch. */
  atMs: number;
  kind: AgendaKind;
  /** Its place in the heap; {@link notInAgenda} when it has none. */
  place: number;
}

/** The place of an entry that is in no agenda. */
export const notInAgenda = -1;

const rank: Record<AgendaKind, number> = { start: 0, stop: 1, forget: 2 };

/** Children of each place: fewer levels than with two, and so fewer entries to touch. */
const arity = 4;

/**
 * The next change of each of many dispatches, ordered by (time, start before stop, id): a heap whose entries know their
 * place. `set` and `delete` cost O(log n), `head` O(1).
 */
export class Agenda<T extends AgendaEntry> {
  readonly #heap: T[] = [];
  /** The times of the entries by place: looking into the entries themselves, all over the memory, costs far more. */
  readonly #times: number[] = [];

  /** How many entries it has. */
  get size(): number {
    return this.#heap.length;
  }

  /** The first entry in order, null when there is none. */
  head(): T | null {
    return this.#heap[0] ?? null;
  }

  /** Puts an entry in, or moves the one that is in. */
  set(entry: T, atMs: number, kind: AgendaKind): void {
    entry.atMs = atMs;
    entry.kind = kind;
    this.#put(entry, entry.place === notInAgenda ? this.#heap.length : entry.place);
    this.#rise(this.#sink(entry.place));
  }

  /** Takes an entry out, if it is in. */
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

  /** Takes an entry down to where all below are later; returns its place. */
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

  /** Takes an entry up to where the one above is earlier. */
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

  /** Whether the entry at one place is before the one at another. */
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
