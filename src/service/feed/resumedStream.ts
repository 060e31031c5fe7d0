import { DispatchError } from '../../model/dispatchError.js';
import type { LogPosition } from '../../wire/logPosition.js';
import type { DispatchStore, LoggedChange } from '../domain/dispatchStore.js';
import { isEntryOf, positionOf } from '../domain/logCursor.js';
import { readTogether } from '../store/readTogether.js';
import type { ChangeStream } from './changeStream.js';

/** Maximum number of entries that a resumed stream brings before those that are new; above it, a list is faster. */
const MAX_BACKLOG = 10_000;

/** Maximum number of entries read at a time, of all logs together, and of bytes of one log. */
const PAGE_ENTRIES = 500;
const PAGE_BYTES = 131_072;

/** Some entries after a position; null when the log does not have that entry. */
type Page = readonly LoggedChange[] | null;

interface PageRequest {
  readonly microgridId: number;
  readonly after: LogPosition;
}

/** Reads the next entries of a log. */
export type ReadPage = (request: PageRequest) => Promise<Page>;

/** What a resumed stream is opened with. */
export interface ResumeSetup {
  readonly store: DispatchStore;
  readonly readPage: ReadPage;
  readonly microgridId: number;
  readonly signal: AbortSignal;
  /** Opens the stream of later changes. */
  readonly open: () => Promise<ChangeStream>;
}

/** Reads the logs of a store for streams that are resumed; those of many at once, as when a service has failed, together. */
export function pageReader(store: DispatchStore): ReadPage {
  return readTogether(async (requests: readonly PageRequest[]) => {
    const pages = new Map<PageRequest, Page>();
    for (let left = requests; left.length > 0; left = left.filter(request => !pages.has(request))) {
      // Of several requests for one log, each has its turn.
      const turn = new Map(left.toReversed().map(request => [request.microgridId, request]));
      const cursors = new Map([...turn].map(([microgridId, { after }]) => [microgridId, after]));
      const { changes, pruned } = await store.changes(cursors, PAGE_ENTRIES, PAGE_BYTES);
      const found = new Map<number, LoggedChange[]>();
      for (const change of changes) {
        const page = found.get(change.microgridId);
        if (page) page.push(change);
        else found.set(change.microgridId, [change]);
      }
      const lost = new Set(pruned);
      for (const [id, request] of turn) pages.set(request, lost.has(id) ? null : (found.get(id) ?? []));
    }
    return requests.map(request => pages.get(request) ?? null);
  }, PAGE_ENTRIES);
}

/**
 * Opens a stream that goes on after a position: it reads the entries since then itself, page by page as they are sent, and joins the
 * others at the end. Null when that is not possible: the log does not have exactly that entry, or too many since.
 */
export async function openResumed(setup: ResumeSetup, after: LogPosition): Promise<ChangeStream | null> {
  const { store, readPage, microgridId } = setup;
  const head = await store.cursor(microgridId);
  if (typeof head === 'number' || after.seq > head.seq || head.seq - after.seq > MAX_BACKLOG) return null;
  if (after.seq === head.seq && !isEntryOf(head, after)) return null;
  const page = await readPage({ microgridId, after });
  if (page === null) return null;
  const backlog = new Backlog(setup, after, page);
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
    const { readPage, microgridId, signal } = this.#setup;
    signal.throwIfAborted();
    const page = await readPage({ microgridId, after: this.#given });
    if (page === null || (page.length === 0 && this.#joined !== null)) throw replaced();
    this.#page = page.filter(({ seq }) => seq <= lastSeq);
    this.#index = 0;
  }
}

function replaced(): DispatchError {
  return new DispatchError('UNAVAILABLE', 'the change log was pruned before it was read, or replaced by another one');
}
