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

/**
 * The next change of each of many dispatches, ordered by (time, start before stop, id): a binary heap whose entries
 * know their place. `set` and `delete` cost O(log n), `head` O(1).
 */
export class Agenda<T extends AgendaEntry> {
  readonly #heap: T[] = [];

  /** How many entries it has. */
  get size(): number {
    return this.#heap.length;
  }

  /** The first entry in order, null when there is none. */
  head(): T | null {
    return this.#heap[0] ?? null;
  }

  /** Makes the agenda anew of entries whose time and kind are set; O(n). */
  fill(entries: Iterable<T>): void {
    for (const entry of this.#heap) entry.place = notInAgenda;
    this.#heap.length = 0;
    for (const entry of entries) this.#put(entry, this.#heap.length);
    for (let place = (this.#heap.length >> 1) - 1; place >= 0; place--) {
      const entry = this.#heap[place];
      if (entry !== undefined) this.#sink(entry);
    }
  }

  /** Puts an entry in, or moves the one that is in. */
  set(entry: T, atMs: number, kind: AgendaKind): void {
    entry.atMs = atMs;
    entry.kind = kind;
    if (entry.place === notInAgenda) this.#put(entry, this.#heap.length);
    this.#settle(entry);
  }

  /** Takes an entry out, if it is in. */
  delete(entry: T): void {
    const { place } = entry;
    if (place === notInAgenda) return;
    entry.place = notInAgenda;
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#put(last, place);
    this.#settle(last);
  }

  #settle(entry: T): void {
    this.#rise(entry);
    this.#sink(entry);
  }

  #rise(entry: T): void {
    while (entry.place > 0) {
      const parentPlace = (entry.place - 1) >> 1;
      const parent = this.#heap[parentPlace];
      if (parent === undefined || !isBefore(entry, parent)) return;
      this.#put(parent, entry.place);
      this.#put(entry, parentPlace);
    }
  }

  #sink(entry: T): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1];
      const right = this.#heap[2 * entry.place + 2];
      if (left === undefined) return;
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, entry)) return;
      const childPlace = child.place;
      this.#put(child, entry.place);
      this.#put(entry, childPlace);
    }
  }

  #put(entry: T, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}

function isBefore(a: AgendaEntry, b: AgendaEntry): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.kind !== b.kind) return rank[a.kind] < rank[b.kind];
  return a.id < b.id;
}
