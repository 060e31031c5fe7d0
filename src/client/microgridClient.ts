import type { CallOptions, Metadata } from 'nice-grpc-common';
import type { DispatchChange, DispatchPage, DispatchWatch } from '../../machines/transport.js';
import { Event } from '../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import type {
  Dispatch as DispatchMessage,
  MicrogridDispatchServiceClient,
  StreamMicrogridDispatchesRequest,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatch, type DispatchEvent } from '../dispatch.js';
import { DispatchError, type DispatchErrorDetails } from '../model/dispatchError.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { STATUS_DETAILS } from '../wire/badRequest.js';
import { decodeDispatch } from '../wire/dispatchCodec.js';
import { encodeId } from '../wire/integerCodec.js';
import { undecodable } from '../wire/undecodable.js';
import { type Attempts, type CallKind, callMetadata } from './attempts.js';
import type { OpenCall, OpenCalls } from './openCalls.js';
import {
  type DispatchChanges,
  encodeCreate,
  encodeList,
  encodeUpdate,
  type ListOptions,
  type NewDispatch,
} from './requests.js';
import { toDispatchError } from './toDispatchError.js';

/** What every call takes. */
export interface CallSignal {
  /** Ends the call, also while it waits to be tried again; it rejects with the reason, by default an `AbortError`. */
  readonly signal?: AbortSignal;
}

/** How {@link MicrogridClient.listPages} lists. */
export interface ListPagesOptions extends ListOptions, CallSignal {
  /** False: each page is asked for once. @default as the client does */
  readonly retry?: false;
}

/** How a {@link MicrogridClient} calls. */
export interface MicrogridClientSetup {
  readonly rpc: MicrogridDispatchServiceClient;
  readonly calls: OpenCalls;
  readonly attempts: Attempts;
  readonly callTimeoutMs: number;
  readonly streamTimeoutMs: number;
}

interface ListedPage {
  readonly page: DispatchPage;
  /** Missing or empty on the last page. */
  readonly nextPageToken: string | undefined;
}

const eventKinds = new Map<number, DispatchEvent['type']>([
  [Event.CREATED, 'created'],
  [Event.UPDATED, 'updated'],
  [Event.DELETED, 'deleted'],
]);

/**
 * The calls of the dispatch service for one microgrid.
 *
 * Every failure is a `DispatchError`: `NOT_FOUND` for an unknown id, `INVALID_ARGUMENT` for what the contract or the
 * service refuses, `UNAUTHENTICATED` for wrong credentials, `UNAVAILABLE` when the service cannot be reached,
 * `DEADLINE_EXCEEDED`, `UNDECODABLE` for an answer that this version cannot represent, `STOPPED` when the client is
 * closed, and the other gRPC status names. A call whose signal aborts rejects with the reason of that.
 */
export class MicrogridClient {
  readonly microgridId: number;
  readonly #setup: MicrogridClientSetup;

  /** Clients of a microgrid come from `DispatchClient.forMicrogrid`. */
  constructor(microgridId: number, setup: MicrogridClientSetup) {
    this.microgridId = microgridId;
    this.#setup = setup;
  }

  /** Creates a dispatch; returns it as the service stored it. */
  async create(dispatch: NewDispatch, options: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup;
    const encode = () => encodeCreate(this.microgridId, dispatch);
    return this.#call('write', {}, options, encode, async (request, callOptions) =>
      this.#decode((await rpc.createMicrogridDispatch(request, callOptions)).dispatch),
    );
  }

  async get(id: number, options: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup;
    return this.#call('read', { dispatchId: id }, options, this.#idsOf(id), async (request, callOptions) =>
      this.#decode((await rpc.getMicrogridDispatch(request, callOptions)).dispatch),
    );
  }

  /** Changes a dispatch; returns it as the service stored it. */
  async update(id: number, changes: DispatchChanges, options: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup;
    const encode = () => encodeUpdate(this.microgridId, id, changes);
    return this.#call('write', { dispatchId: id }, options, encode, async (request, callOptions) =>
      this.#decode((await rpc.updateMicrogridDispatch(request, callOptions)).dispatch),
    );
  }

  async delete(id: number, options: CallSignal = {}): Promise<void> {
    const { rpc } = this.#setup;
    await this.#call('write', { dispatchId: id }, options, this.#idsOf(id), (request, callOptions) =>
      rpc.deleteMicrogridDispatch(request, callOptions),
    );
  }

  /** Lists dispatches, following the pages. Throws at the first that cannot be read: nothing is left out silently. */
  async *list({ signal, ...options }: ListOptions & CallSignal = {}): AsyncGenerator<Dispatch, void, void> {
    for await (const { dispatches, problems } of this.listPages({ ...options, ...(signal && { signal }) })) {
      for (const record of dispatches) yield new Dispatch(record);
      for (const problem of problems) throw problem;
    }
  }

  /** Follows one stream of changes from now on. Throws when it is lost, also when the service ends it. */
  async *watch({ signal }: CallSignal = {}): AsyncGenerator<DispatchEvent, void, void> {
    for await (const change of this.watchRecords({ ...(signal && { signal }) })) {
      if (change.kind === 'problem') throw change.problem;
      yield { type: change.kind, dispatch: new Dispatch(change.dispatch, { deleted: change.kind === 'deleted' }) };
    }
  }

  /** Lists page by page, and asks for the next one while a page is worked off; what cannot be read is told beside the rest. */
  async *listPages(options: ListPagesOptions): AsyncGenerator<DispatchPage, void, void> {
    // Whoever wants no more pages leaves none behind that is still asked for.
    using walk = this.#open(options.signal, Number.POSITIVE_INFINITY);
    let next: Promise<ListedPage> | undefined = this.#listPage(options, walk.signal, undefined);
    while (next !== undefined) {
      const { page, nextPageToken }: ListedPage = await next;
      next = nextPageToken ? this.#listPage(options, walk.signal, nextPageToken) : undefined;
      // Whoever wants no more pages need not hear that the next one failed.
      next?.catch(() => {});
      yield page;
    }
  }

  /** Opens a stream of changes at once; what cannot be read is told in its place. */
  watchRecords({ signal }: CallSignal = {}): DispatchWatch {
    const decode = (message: StreamMicrogridDispatchesResponse) => this.#decodeChange(message);
    const ids = { microgridId: this.microgridId };
    let headersCame = () => {};
    const headers = new Promise<void>(resolve => {
      headersCame = resolve;
    });
    const messages = this.#stream({ microgridId: this.#id() }, signal, () => headersCame());
    // The call begins when the first message is asked for.
    const first = messages.next();
    const opened = Promise.race([headers, first.then(() => {})]);
    // Whoever iterates hears of a failure; whoever does not wait for the headers need not.
    opened.catch(() => {});
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

  /** @param onOpen is called when the service has answered. */
  async *#stream(
    request: StreamMicrogridDispatchesRequest,
    signal: AbortSignal | undefined,
    onOpen: () => void,
  ): AsyncGenerator<StreamMicrogridDispatchesResponse, void, void> {
    const { rpc, attempts, streamTimeoutMs } = this.#setup;
    using call = this.#open(signal, streamTimeoutMs);
    for (let asksAnew = attempts.mayAskAnew; ; asksAnew = false) {
      let isOpen = false;
      const trailer = new TrailerDetails();
      const onHeader = (header: Metadata) => {
        isOpen = true;
        attempts.noteHeader(header);
        onOpen();
      };
      const options = { signal: call.signal, metadata: callMetadata(call), onHeader, onTrailer: trailer.take };
      try {
        yield* rpc.streamMicrogridDispatches(request, options);
        return;
      } catch (error) {
        // Nothing of the stream is lost when it was never open.
        if (attempts.noteRejection(error) && asksAnew && !isOpen) continue;
        throw failureOf(error, { call, signal, ids: { microgridId: this.microgridId }, trailer });
      }
    }
  }

  #id(): bigint {
    try {
      return encodeId(this.microgridId, 'microgridId');
    } catch (error) {
      throw toDispatchError(error, { microgridId: this.microgridId });
    }
  }

  #idsOf(id: number) {
    return () => ({ microgridId: encodeId(this.microgridId, 'microgridId'), dispatchId: encodeId(id, 'id') });
  }

  #open(signal: AbortSignal | undefined, timeoutMs: number, ids: DispatchErrorDetails = {}): OpenCall {
    return this.#setup.calls.open({ signal, timeoutMs, ids: { microgridId: this.microgridId, ...ids } });
  }

  async #call<Request, Answer>(
    kind: CallKind,
    dispatchIds: DispatchErrorDetails,
    { signal, retry }: CallSignal & { readonly retry?: false },
    encode: () => Request,
    send: (request: Request, options: CallOptions) => Promise<Answer>,
  ): Promise<Answer> {
    const { attempts, callTimeoutMs } = this.#setup;
    using call = this.#open(signal, callTimeoutMs, dispatchIds);
    let trailer = new TrailerDetails();
    try {
      const request = encode();
      const attempt = (options: CallOptions) => {
        trailer = new TrailerDetails();
        return send(request, { ...options, onTrailer: trailer.take });
      };
      return await attempts.make(kind, call, attempt, retry === false);
    } catch (error) {
      throw failureOf(error, { call, signal, ids: { microgridId: this.microgridId, ...dispatchIds }, trailer });
    }
  }

  #decode(message: DispatchMessage | undefined): Dispatch {
    if (message === undefined) throw undecodable('dispatch', 'is missing in the answer');
    return new Dispatch(decodeDispatch(message, this.microgridId));
  }

  async #listPage(options: ListPagesOptions, signal: AbortSignal, pageToken: string | undefined): Promise<ListedPage> {
    const { rpc } = this.#setup;
    const { signal: _, retry, ...list } = options;
    const encode = () => encodeList(this.microgridId, list, pageToken);
    const callOptions = { signal, ...(retry === false && { retry }) };
    const { dispatches, paginationInfo } = await this.#call('read', {}, callOptions, encode, (request, sent) =>
      rpc.listMicrogridDispatches(request, sent),
    );
    return { page: this.#decodePage(dispatches), nextPageToken: paginationInfo?.nextPageToken };
  }

  #decodePage(messages: readonly DispatchMessage[]): DispatchPage {
    const [dispatches, problems]: [DispatchRecord[], DispatchError[]] = [[], []];
    for (const message of messages) {
      const read = readOrProblem(() => decodeDispatch(message, this.microgridId));
      if (read instanceof DispatchError) problems.push(read);
      else dispatches.push(read);
    }
    return { dispatches, problems };
  }

  #decodeChange({ dispatch, event }: StreamMicrogridDispatchesResponse): DispatchChange {
    const read = readOrProblem((): DispatchChange => {
      const kind = eventKinds.get(event);
      if (kind === undefined) throw undecodable('event', `is ${event}, which this version does not know`);
      if (dispatch === undefined) throw undecodable('dispatch', 'is missing in an event');
      return { kind, dispatch: decodeDispatch(dispatch, this.microgridId) };
    });
    if (!(read instanceof DispatchError)) return read;
    const deletedId = event === Event.DELETED ? read.dispatchId : undefined;
    return { kind: 'problem', problem: read, ...(deletedId !== undefined && { deletedId }) };
  }
}

function readOrProblem<T>(read: () => T): T | DispatchError {
  try {
    return read();
  } catch (error) {
    if (error instanceof DispatchError) return error;
    throw error;
  }
}

/** The details that come with the status of a call that failed. */
class TrailerDetails {
  bytes: Uint8Array | undefined;
  readonly take = (trailer: Metadata) => {
    this.bytes = trailer.get(STATUS_DETAILS);
  };
}

interface FailedCall {
  readonly call: OpenCall;
  readonly signal: AbortSignal | undefined;
  readonly ids: DispatchErrorDetails;
  readonly trailer: TrailerDetails;
}

/** What a call rejects with: whatever ended it early, else what it failed with. */
function failureOf(error: unknown, { call, signal, ids, trailer }: FailedCall): unknown {
  if (signal?.aborted) return signal.reason;
  return call.signal.aborted ? call.signal.reason : toDispatchError(error, ids, trailer.bytes);
}
