import type { DispatchChange, DispatchPage, DispatchWatch, Transport } from '../../machines/transport.js';
import { DispatchError } from '../model/dispatchError.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';

/** A service in memory, under the control of a test. */
export interface MemoryTransport extends Transport {
  /** Creates or replaces a dispatch and tells the open streams. */
  put(dispatch: DispatchRecord): void;
  /** Deletes a dispatch and tells the open streams. */
  delete(id: number): void;
  /** Puts dispatches without telling the open streams, as if it happened while they were away. */
  putSilently(...dispatches: DispatchRecord[]): void;
  /** Deletes a dispatch without telling the open streams. */
  deleteSilently(id: number): void;
  /** Sends an event to the open streams that changes nothing here. */
  send(change: DispatchChange): void;
  /** Loses the open streams. @default UNAVAILABLE */
  cut(error?: DispatchError): void;
  /** Makes the next call of a kind fail. */
  failNext(call: 'list' | 'watch', error: DispatchError): void;
  /** Makes a dispatch unreadable in lists, as one that the service has but this version cannot decode. */
  garble(id: number): void;
  /** Makes calls of a kind wait: `list` before its first page, `watch` before its headers. Returns the release. */
  hold(call: 'list' | 'watch'): () => void;
  /** How many streams are open. */
  readonly openStreams: number;
}

interface Stream {
  push(change: DispatchChange): void;
  fail(error: Error): void;
}

const pageSize = 1_000;

/**
 * Makes a service in memory for one microgrid.
 *
 * @param initial the dispatches that are there at first
 */
export function memoryTransport(initial: Iterable<DispatchRecord> = []): MemoryTransport {
  const dispatches = new Map<number, DispatchRecord>();
  const streams = new Set<Stream>();
  const garbled = new Set<number>();
  const failures = { list: [] as DispatchError[], watch: [] as DispatchError[] };
  const gates = { list: Promise.resolve(), watch: Promise.resolve() };
  for (const dispatch of initial) dispatches.set(dispatch.id, dispatch);

  const send = (change: DispatchChange) => {
    for (const stream of streams) stream.push(change);
  };

  const enter = async (call: 'list' | 'watch', signal: AbortSignal) => {
    await gates[call];
    signal.throwIfAborted();
    const failure = failures[call].shift();
    if (failure !== undefined) throw failure;
  };

  return {
    async *list({ endFromMs, signal }): AsyncGenerator<DispatchPage> {
      // What is listed is what was there when the call came, however late the answer.
      const found = [...dispatches.values()].filter(({ endTimeMs }) => endTimeMs === null || endTimeMs >= endFromMs);
      await enter('list', signal);
      for (let i = 0; i < found.length; i += pageSize) {
        const page = found.slice(i, i + pageSize);
        yield {
          dispatches: page.filter(({ id }) => !garbled.has(id)),
          problems: page.filter(({ id }) => garbled.has(id)).map(({ id }) => unreadable(id)),
        };
        signal.throwIfAborted();
      }
    },
    watch: ({ signal }) => openStream(streams, enter('watch', signal), signal),
    put: dispatch => {
      const kind = dispatches.has(dispatch.id) ? 'updated' : 'created';
      dispatches.set(dispatch.id, dispatch);
      send({ kind, dispatch });
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
    failNext: (call, error) => {
      failures[call].push(error);
    },
    garble: id => {
      garbled.add(id);
    },
    hold: call => {
      let release = () => {};
      gates[call] = new Promise(resolve => {
        release = resolve;
      });
      return release;
    },
    get openStreams() {
      return streams.size;
    },
  };
}

function unreadable(id: number): DispatchError {
  return new DispatchError('UNDECODABLE', `dispatch ${id}: it is garbled`, { dispatchId: id });
}

function openStream(streams: Set<Stream>, opened: Promise<void>, signal: AbortSignal): DispatchWatch {
  const changes: DispatchChange[] = [];
  let failure: Error | undefined;
  let wake = () => {};
  const stream: Stream = {
    push: change => {
      changes.push(change);
      wake();
    },
    fail: error => {
      failure ??= error;
      streams.delete(stream);
      wake();
    },
  };
  streams.add(stream);
  opened.catch(stream.fail);
  signal.addEventListener('abort', () => stream.fail(signal.reason), { once: true });
  return {
    opened,
    async *[Symbol.asyncIterator]() {
      await opened;
      for (;;) {
        const change = changes.shift();
        if (change !== undefined) yield change;
        else if (failure !== undefined) throw failure;
        else
          await new Promise<void>(resolve => {
            wake = resolve;
          });
      }
    },
  };
}
