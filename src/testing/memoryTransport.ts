import type { DispatchChange, DispatchPage, DispatchWatch, Transport } from '../../machines/protocol/transport.js';
import { DispatchError } from '../model/dispatchError.js';
import type { DispatchRecord, JsonObject } from '../model/dispatchRecord.js';
import { jsonEquals } from '../model/jsonEquals.js';
import { type Gate, gate } from './gate.js';

/** An in-memory dispatch service that a test controls. */
export interface MemoryTransport extends Transport {
  /**
   * Creates or replaces a dispatch, sends the change to the open streams and returns the stored record.
   *
   * When the id exists, the stored `updateTime` is always later than before: the given one if it is later, else one that is set here.
   */
  put(dispatch: DispatchRecord): DispatchRecord;
  /**
   * Updates a dispatch, sends the change to the open streams and returns the stored record, whose `updateTime` is later
   * than before.
   *
   * @throws RangeError when no dispatch has this id.
   */
  update(id: number, changes: Partial<DispatchRecord>): DispatchRecord;
  /** Deletes a dispatch and sends the deletion to the open streams. */
  delete(id: number): void;
  /**
   * Creates or replaces dispatches without sending anything to the open streams, as while a connection is lost; returns the
   * stored records. `updateTime` is stored as given, so that it may also be an earlier one; only a record that differs from the one it
   * replaces and has the same `updateTime` gets a later one.
   */
  putSilently(...dispatches: DispatchRecord[]): DispatchRecord[];
  /** Deletes a dispatch without sending anything to the open streams. */
  deleteSilently(id: number): void;
  /** Sends an event to the open streams. The stored dispatches stay as they are. */
  send(change: DispatchChange): void;
  /** Ends the open streams with an error; changes that are on hold are lost. @default UNAVAILABLE */
  cut(error?: DispatchError): void;
  /**
   * Makes the next `list` or `watch` call fail. Each further call of this function makes one more fail.
   *
   * @param options.afterPages Number of pages that a list yields before it fails; at its end if it has fewer. @default 0
   */
  failNext(call: 'list' | 'watch', error: DispatchError, options?: { readonly afterPages?: number }): void;
  /** Makes a dispatch undecodable in lists. */
  garble(id: number): void;
  /**
   * Puts something on hold: `list` before its next page, `watch` before its headers, `changes` before the reader of an open
   * stream gets them. Returns the function that releases it.
   */
  hold(what: 'list' | 'watch' | 'changes'): () => void;
  /** Number of open streams. */
  readonly openStreams: number;
}

/** Options of {@link memoryTransport}. */
export interface MemoryTransportOptions {
  /** Number of dispatches per page of a list. @default 1000 */
  readonly pageSize?: number | undefined;
}

interface Failure {
  readonly error: DispatchError;
  readonly afterPages: number;
}

interface Stream extends DispatchWatch {
  push(change: DispatchChange): void;
  fail(error: Error): void;
  /** Makes the reader check again for changes. */
  wake(): void;
}

/**
 * Creates an in-memory dispatch service for one microgrid. A list returns the dispatches as of its call, however late its pages
 * come.
 *
 * @param initial Dispatches that exist at the beginning.
 * @throws RangeError when the page size is not a positive integer.
 */
export function memoryTransport(
  initial: Iterable<DispatchRecord> = [],
  { pageSize = 1_000 }: MemoryTransportOptions = {},
): MemoryTransport {
  if (!Number.isInteger(pageSize) || pageSize < 1) {
    throw new RangeError(`pageSize must be a positive integer, not ${pageSize}`);
  }
  const dispatches = new Map<number, DispatchRecord>();
  const streams = new Set<Stream>();
  const garbled = new Set<number>();
  const failures: Record<'list' | 'watch', Failure[]> = { list: [], watch: [] };
  const gates = { list: gate(), watch: gate(), changes: gate() };
  for (const dispatch of initial) dispatches.set(dispatch.id, dispatch);

  const send = (change: DispatchChange) => {
    for (const stream of streams) stream.push(change);
  };
  const put = (dispatch: DispatchRecord) => {
    const held = dispatches.get(dispatch.id);
    const isNewer = held === undefined || dispatch.updateTime > held.updateTime;
    const stored = isNewer ? dispatch : { ...dispatch, updateTime: laterThan(held.updateTime) };
    dispatches.set(stored.id, stored);
    send({ kind: held === undefined ? 'created' : 'updated', dispatch: stored });
    return stored;
  };
  const putSilently = (dispatch: DispatchRecord) => {
    const held = dispatches.get(dispatch.id);
    const isOtherOfSameVersion = held?.updateTime === dispatch.updateTime && !isSame(held, dispatch);
    const stored = isOtherOfSameVersion ? { ...dispatch, updateTime: laterThan(held.updateTime) } : dispatch;
    dispatches.set(stored.id, stored);
    return stored;
  };

  return {
    async *list({ endFromMs, signal }): AsyncGenerator<DispatchPage> {
      const found = [...dispatches.values()].filter(({ endTimeMs }) => endTimeMs === null || endTimeMs >= endFromMs);
      await gates.list.pass(signal);
      const failure = failures.list.shift();
      for (let page = 0; page === 0 || page * pageSize < found.length; page++) {
        if (failure?.afterPages === page) throw failure.error;
        await gates.list.pass(signal);
        yield toPage(found.slice(page * pageSize, (page + 1) * pageSize), garbled);
      }
      if (failure !== undefined) throw failure.error;
    },
    watch: ({ signal }) => {
      const open = async (lost: AbortSignal) => {
        await gates.watch.pass(lost);
        const failure = failures.watch.shift();
        if (failure !== undefined) throw failure.error;
      };
      const stream = openStream({ open, changesGate: gates.changes, onEnd: () => streams.delete(stream) });
      streams.add(stream);
      if (signal.aborted) stream.fail(signal.reason);
      else signal.addEventListener('abort', () => stream.fail(signal.reason), { once: true });
      return stream;
    },
    put,
    update: (id, changes) => {
      const held = dispatches.get(id);
      if (held === undefined) throw new RangeError(`no dispatch has the id ${id}`);
      return put({ ...held, ...changes });
    },
    delete: id => {
      const dispatch = dispatches.get(id);
      dispatches.delete(id);
      if (dispatch !== undefined) send({ kind: 'deleted', dispatch });
    },
    putSilently: (...added) => added.map(putSilently),
    deleteSilently: id => {
      dispatches.delete(id);
    },
    send,
    cut: (error = new DispatchError('UNAVAILABLE', 'the stream was cut')) => {
      for (const stream of [...streams]) stream.fail(error);
    },
    failNext: (call, error, { afterPages = 0 } = {}) => {
      failures[call].push({ error, afterPages });
    },
    garble: id => {
      garbled.add(id);
    },
    hold: what => {
      const release = gates[what].hold();
      return () => {
        release();
        for (const stream of streams) stream.wake();
      };
    },
    get openStreams() {
      return streams.size;
    },
  };
}

function isSame(a: DispatchRecord, b: DispatchRecord): boolean {
  return jsonEquals({ ...a } as unknown as JsonObject, { ...b } as unknown as JsonObject);
}

/** An `updateTime` one millisecond later. */
function laterThan(updateTime: string): string {
  return new Date(Date.parse(updateTime) + 1).toISOString().replace('Z', '000000Z');
}

function toPage(page: readonly DispatchRecord[], garbled: ReadonlySet<number>): DispatchPage {
  return {
    dispatches: page.filter(({ id }) => !garbled.has(id)),
    problems: page.filter(({ id }) => garbled.has(id)).map(unreadable),
  };
}

function unreadable({ id, microgridId }: DispatchRecord): DispatchError {
  return new DispatchError('UNDECODABLE', `dispatch ${id} cannot be decoded`, { microgridId, dispatchId: id });
}

function openStream(setup: {
  /** Resolves when the headers are sent; rejects when the stream is lost first. */
  readonly open: (lost: AbortSignal) => Promise<void>;
  readonly changesGate: Gate;
  readonly onEnd: () => void;
}): Stream {
  const { open, changesGate, onEnd } = setup;
  const changes: DispatchChange[] = [];
  const lost = new AbortController();
  let wake = () => {};
  const fail = (error: Error) => {
    onEnd();
    lost.abort(error);
    wake();
  };
  const opened = open(lost.signal);
  opened.catch(fail);
  return {
    opened,
    push: change => {
      changes.push(change);
      wake();
    },
    fail,
    wake: () => wake(),
    async *[Symbol.asyncIterator]() {
      await opened;
      for (;;) {
        const change = changesGate.isHeld ? undefined : changes.shift();
        if (change !== undefined) yield change;
        else if (lost.signal.aborted) throw lost.signal.reason;
        else
          await new Promise<void>(resolve => {
            wake = resolve;
          });
      }
    },
  };
}
