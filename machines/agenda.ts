/** What an agenda entry is for. At one instant starts come before stops, and both before forgetting. */
export type AgendaKind = 'start' | 'stop' | 'forget';

/** The next thing that time brings to one dispatch. */
export interface AgendaEntry {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly kind: AgendaKind;
}

interface Slot {
  readonly id: number;
  atMs: number;
  kind: AgendaKind;
  index: number;
}

const rank: Record<AgendaKind, number> = { start: 0, stop: 1, forget: 2 };

/**
 * The next change of each of many dispatches, ordered by (time, start before stop, id): an indexed binary heap with one
 * entry a dispatch. `set` and `delete` cost O(log n), `head` O(1).
 */
export class Agenda {
  readonly #heap: Slot[] = [];
  readonly #slots = new Map<number, Slot>();

  /** How many dispatches have an entry. */
  get size(): number {
    return this.#heap.length;
  }

  /** The first entry in order, null when there is none. */
  head(): AgendaEntry | null {
    return this.#heap[0] ?? null;
  }

  /** Gives a dispatch its one entry, in place of the one it has. */
  set(id: number, atMs: number, kind: AgendaKind): void {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      slot = { id, atMs, kind, index: this.#heap.length };
      this.#slots.set(id, slot);
      this.#heap.push(slot);
    } else {
      slot.atMs = atMs;
      slot.kind = kind;
    }
    this.#settle(slot);
  }

  /** Takes the entry of a dispatch away, if it has one. */
  delete(id: number): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    const last = this.#heap.pop();
    if (last === undefined || last === slot) return;
    this.#place(last, slot.index);
    this.#settle(last);
  }

  #settle(slot: Slot): void {
    this.#rise(slot);
    this.#sink(slot);
  }

  #rise(slot: Slot): void {
    while (slot.index > 0) {
      const parentIndex = (slot.index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || !isBefore(slot, parent)) return;
      this.#place(parent, slot.index);
      this.#place(slot, parentIndex);
    }
  }

  #sink(slot: Slot): void {
    for (;;) {
      const left = this.#heap[2 * slot.index + 1];
      const right = this.#heap[2 * slot.index + 2];
      if (left === undefined) return;
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, slot)) return;
      const childIndex = child.index;
      this.#place(child, slot.index);
      this.#place(slot, childIndex);
    }
  }

  #place(slot: Slot, index: number): void {
    this.#heap[index] = slot;
    slot.index = index;
  }
}

function isBefore(a: Slot, b: Slot): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.kind !== b.kind) return rank[a.kind] < rank[b.kind];
  return a.id < b.id;
}
