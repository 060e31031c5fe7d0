import type { DispatchChange } from '../../machines/protocol/transport.js';
import type { StreamMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchError, type DispatchErrorDetails } from '../model/dispatchError.js';
import { encodeId } from '../wire/integerCodec.js';
import { RESUME_AFTER } from '../wire/logPosition.js';
import { decodeChange } from './answers.js';
import type { Connection } from './connection.js';
import type { CallSignal, ServiceCalls } from './serviceCalls.js';
import { type StreamHeader, StreamPositions } from './streamPositions.js';
import { toDispatchError } from './toDispatchError.js';

/** Options of {@link MicrogridClient.watchRecords}. */
export interface WatchRecordsOptions extends CallSignal {
  /** Position after which the stream is to go on, as a change or an earlier stream had it. @default none */
  readonly resumeAfter?: string | undefined;
}

/** An open stream of changes. Its iteration throws when the stream ends, also when it ends without an error. */
export interface RecordWatch extends AsyncIterable<DispatchChange> {
  /** Resolves when the service has answered, with what it says of the stream. Rejects when the stream ends first. */
  readonly opened: Promise<StreamHeader>;
}

/** What a {@link MicrogridReader} makes its calls with. */
export interface MicrogridReaderSetup {
  readonly connection: Pick<Connection, 'rpc'>;
  readonly calls: ServiceCalls;
}

/** What a {@link MicrogridClient} makes its calls with. */
export interface MicrogridClientSetup extends MicrogridReaderSetup {
  readonly connection: Pick<Connection, 'rpc' | 'operations'>;
}

/** Opens a stream of the changes of a microgrid at once; see `MicrogridClient.watchRecords`. */
export function openRecordWatch(
  { connection, calls }: MicrogridReaderSetup,
  microgridId: number,
  { signal, resumeAfter }: WatchRecordsOptions,
): RecordWatch {
  const { rpc } = connection;
  const ids = { microgridId };
  const request = encodedRequest(() => ({ microgridId: encodeId(microgridId, 'microgridId') }), ids);
  let headersCame: (header: StreamHeader) => void = () => {};
  const headers = new Promise<StreamHeader>(resolve => {
    headersCame = resolve;
  });
  const positions = new StreamPositions(resumeAfter);
  const messages = calls.stream({
    method: 'streamMicrogridDispatches',
    ids,
    signal,
    metadata: resumeAfter === undefined ? undefined : { [RESUME_AFTER]: resumeAfter },
    open: options => rpc.streamMicrogridDispatches(request, options),
    onOpen: header => headersCame(positions.begin(header)),
  });
  // The call begins with the request for the first message.
  const first = messages.next();
  const opened = Promise.race([headers, first.then(() => ({}))]);
  // A failure is reported to the iteration, even when nobody waits for the headers.
  opened.catch(() => {});
  const decode = (message: StreamMicrogridDispatchesResponse): DispatchChange => ({
    ...decodeChange(message, microgridId),
    position: positions.after(message),
  });
  return {
    opened,
    async *[Symbol.asyncIterator]() {
      try {
        for (let next = await first; !next.done; next = await messages.next()) yield decode(next.value);
      } finally {
        await messages.return();
      }
      throw new DispatchError('UNAVAILABLE', 'the service ended the stream', ids);
    },
  };
}

/**
 * Encodes the request of a stream.
 *
 * @throws DispatchError `INVALID_ARGUMENT` when the contract cannot represent it.
 */
export function encodedRequest<Request>(encode: () => Request, ids: DispatchErrorDetails): Request {
  try {
    return encode();
  } catch (error) {
    throw toDispatchError(error, ids);
  }
}
