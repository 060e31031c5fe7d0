import { DispatchError } from '../../model/dispatchError.js';
import type { LogPosition } from '../../wire/logPosition.js';
import { type DispatchStore, isEntryOf, type LoggedChange, positionOf } from '../domain/dispatchStore.js';
import type { ChangeStream } from './changeStream.js';

/** Maximum number of entries that a resumed stream brings before those that are new; above it, a list is faster. */
const MAX_BACKLOG = 10_000;

/** Entries, and bytes of them, read at a time. */
const PAGE_LIMITS = [500, 524_288] as const;

/** What a resumed stream is opened with. */
export interface ResumeSetup {
  readonly store: DispatchStore;
  readonly microgridId: number;
  readonly signal: AbortSignal;
  /** Opens the stream of later changes. */
  readonly open: () => Promise<ChangeStream>;
}

/**
 * Opens a stream that goes on after a position: it reads the entries since then itself, page by page as they are sent, and joins the
 * others at the end. Null when that is not possible: the log does not have exactly that entry, or too many since.
 */
export async function openResumed(setup: ResumeSetup, after: LogPosition): Promise<ChangeStream | null> {
  const { store, microgridId } = setup;
  const head = await store.cursor(microgridId);
  if (typeof head === 'number' || after.seq > head.seq || head.seq - after.seq > MAX_BACKLOG) return null;
  const { changes, pruned } = await store.changes(new Map([[microgridId, after]]), ...PAGE_LIMITS);
  if (pruned.length > 0) return null;
  const backlog = new Backlog(setup, after, changes);
  return {
    position: head.seq,
    head,
    resumed: true,
    next: () => backlog.next(),
    close: () => backlog.close(),
  };
}

/** The entries after a position, then the changes of the stream that it joins. */
class Backlog {
  readonly #setup: ResumeSetup;
  /** The position of the last entry that was given out. */
  #given: LogPosition;
  #page: readonly LoggedChange[];
  #index = 0;
  #joined: ChangeStream | null = null;

  constructor(setup: ResumeSetup, after: LogPosition, page: readonly LoggedChange[]) {
    this.#setup = setup;
    this.#given = after;
    this.#page = page;
  }

  async next(): Promise<LoggedChange> {
    for (;;) {
      const change = this.#page[this.#index];
      if (change !== undefined) {
        this.#index += 1;
        this.#given = positionOf(change);
        return change;
      }
      if (this.#joined !== null && this.#joined.position <= this.#given.seq) return this.#joined.next();
      await this.#read(this.#joined?.position ?? Number.POSITIVE_INFINITY);
      // Read up to the end, it joins; what came meanwhile is read once more, up to where the others are.
      if (this.#page.length === 0 && this.#joined === null) await this.#join();
    }
  }

  close(): void {
    this.#joined?.close();
  }

  async #join(): Promise<void> {
    const joined = await this.#setup.open();
    this.#joined = joined;
    const { position, head } = joined;
    const goesOn = position > this.#given.seq || (head !== null && isEntryOf(head, this.#given));
    if (!goesOn) throw replaced();
  }

  /** Reads the next page, up to the entry with this number. */
  async #read(lastSeq: number): Promise<void> {
    const { store, microgridId, signal } = this.#setup;
    signal.throwIfAborted();
    const { changes, pruned } = await store.changes(new Map([[microgridId, this.#given]]), ...PAGE_LIMITS);
    if (pruned.length > 0 || (changes.length === 0 && this.#joined !== null)) throw replaced();
    this.#page = changes.filter(({ seq }) => seq <= lastSeq);
    this.#index = 0;
  }
}

function replaced(): DispatchError {
  return new DispatchError('UNAVAILABLE', 'the change log was pruned before it was read, or replaced by another one');
}
