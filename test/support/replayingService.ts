import { ServerError, type Status } from 'nice-grpc';
import { Event } from '../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import {
  ListMicrogridDispatchesResponse,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { type ScriptedService, scriptedService } from './scriptedService.js';

/**
 * A real service that begins each stream with all its dispatches as CREATED, and sends the headers of a stream with its
 * first event only, as an open one of this protocol does.
 */
export interface ReplayingService extends ScriptedService {
  /** Stores a dispatch, and tells the streams that it is created or updated. */
  put(dispatch: DispatchRecord): void;
  delete(id: number): void;
  /** Ends the streams. */
  endStreams(status: Status): void;
  /** How many streams were opened. */
  readonly opened: number;
}

/** Starts it on a free port of loopback. It lists and streams; everything else is UNIMPLEMENTED. */
export async function replayingService(...initial: DispatchRecord[]): Promise<ReplayingService> {
  const stored = new Map(initial.map(dispatch => [dispatch.id, dispatch]));
  const streams = new Set<{ readonly queue: (StreamMicrogridDispatchesResponse | Status)[]; wake: () => void }>();
  let opened = 0;

  const message = (event: Event, dispatch: DispatchRecord) =>
    StreamMicrogridDispatchesResponse.create({ dispatch: encodeDispatch(dispatch), event });
  const tell = (what: StreamMicrogridDispatchesResponse | Status) => {
    for (const stream of streams) {
      stream.queue.push(what);
      stream.wake();
    }
  };

  const service = await scriptedService({
    listMicrogridDispatches: async () =>
      ListMicrogridDispatchesResponse.create({ dispatches: [...stored.values()].map(encodeDispatch) }),
    async *streamMicrogridDispatches(_, { signal }) {
      opened += 1;
      const replay = [...stored.values()].map(dispatch => message(Event.CREATED, dispatch));
      const stream = { queue: [...replay] as (StreamMicrogridDispatchesResponse | Status)[], wake: () => {} };
      signal.addEventListener('abort', () => stream.wake());
      streams.add(stream);
      try {
        while (!signal.aborted) {
          const next = stream.queue.shift();
          if (typeof next === 'number') throw new ServerError(next, 'the service ends its streams');
          if (next !== undefined) yield next;
          else
            await new Promise<void>(resolve => {
              stream.wake = resolve;
            });
        }
      } finally {
        streams.delete(stream);
      }
    },
  });
  return {
    ...service,
    put(dispatch: DispatchRecord) {
      const event = stored.has(dispatch.id) ? Event.UPDATED : Event.CREATED;
      stored.set(dispatch.id, dispatch);
      tell(message(event, dispatch));
    },
    delete(id: number) {
      const dispatch = stored.get(id);
      if (dispatch === undefined) throw new Error(`there is no dispatch ${id}`);
      stored.delete(id);
      tell(message(Event.DELETED, dispatch));
    },
    endStreams: tell,
    get opened() {
      return opened;
    },
  };
}
