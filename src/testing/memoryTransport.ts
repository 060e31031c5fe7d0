import type { DispatchChange, DispatchPage, DispatchWatch, Transport } from '../../machines/protocol/transport.js';
import { DispatchError } from '../model/dispatchError.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { type Gate, gate } from './gate.js';

/** A service in memory, under the control of a test. */
export interface MemoryTransport extends Transport {
  /**
   * Creates or replaces a dispatch and tells the open streams. A dispatcher takes a dispatch for changed when its
   * `updateTime` is a later one: see {@link update}.
   */
  put(dispatch: DispatchRecord): void;
  /**
   * Changes a dispatch, which gets a new version, and tells the open streams; returns it.
   *
   * @throws RangeError when there is no such dispatch.
   */
  update(id: number, changes: Partial<DispatchRecord>): DispatchRecord;
  /** Deletes a dispatch and tells the open streams. */
  delete(id: number): void;
  /** Puts dispatches without telling the open streams, as if it happened while they were away. */
  putSilently(...dispatches: DispatchRecord[]): void;
  /** Deletes a dispatch without telling the open streams. */
  deleteSilently(id: number): void;
  /** Sends an event to the open streams that changes nothing here. */
  send(change: DispatchChange): void;
  /** Loses the open streams, and of their changes those that are held. @default UNAVAILABLE */
  cut(error?: DispatchError): void;
  /**
   * Makes the next call of a kind fail; called again, also the one after it.
   *
   * @param options.afterPages how many pages a list brings before it fails; with fewer it fails at its end. @default 0
   */
  failNext(call: 'list' | 'watch', error: DispatchError, options?: { readonly afterPages?: number }): void;
  /** Makes a dispatch unreadable in lists, as one that the service has but this version cannot decode. */
  garble(id: number): void;
  /**
   * Makes something wait: `list` before its next page, `watch` before its headers, `changes` before they reach who reads
   * an open stream. Returns the release.
   */
  hold(what: 'list' | 'watch' | 'changes'): () => void;
  /** How many streams are open. */
  readonly openStreams: number;
}

/** How a {@link memoryTransport} behaves. */
export interface MemoryTransportOptions {
  /** How many dispatches a page of a list has. @default 1000 */
  readonly pageSize?: number;
}

interface Failure {
  readonly error: DispatchError;
  readonly afterPages: number;
}

interface Stream extends DispatchWatch {
  push(change: DispatchChange): void;
  fail(error: Error): void;
  /** Makes who reads it look again. */
  wake(): void;
}

/**
 * Makes a service in memory for one microgrid. A list has what was there when it was called, however late it answers.
 *
 * @param initial the dispatches that are there at first
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
    const kind = dispatches.has(dispatch.id) ? 'updated' : 'created';
    dispatches.set(dispatch.id, dispatch);
    send({ kind, dispatch });
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
      if (held === undefined) throw new RangeError(`there is no dispatch ${id}`);
      const dispatch = { ...held, updateTime: laterThan(held.updateTime), ...changes };
      put(dispatch);
      return dispatch;
    },
    delete: id => {
      const dispatch = dispatches.get(id);
      dispatches.delete(id);
      if (dispatch !== undefined) send({ kind: 'deleted', dispatch });
    },
    putSilently: (...added) => {
      for (const dispatch of added) dispatches.set(dispatch.id, dispatch);
    },
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

/** An update time that is one millisecond later. */
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
  return new DispatchError('UNDECODABLE', `dispatch ${id}: it is garbled`, { microgridId, dispatchId: id });
}

function openStream(setup: {
  /** Answers with the headers; rejects when it is lost before. */
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
