import type { DispatchChange, DispatchPage } from '../../machines/protocol/transport.js';
import type {
  Dispatch as DispatchMessage,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatch, type DispatchEvent } from '../dispatch.js';
import { DispatchError } from '../model/dispatchError.js';
import { encodeId } from '../wire/integerCodec.js';
import { RESUME_AFTER } from '../wire/logPosition.js';
import { decodeAnswer, decodeChange, decodePage } from './answers.js';
import type { Connection } from './connection.js';
import { isTooLarge } from './messageSize.js';
import {
  type DispatchChanges,
  encodeCreate,
  encodeList,
  encodeUpdate,
  type ListOptions,
  type NewDispatch,
} from './requests.js';
import type { ServiceCalls, UnaryCall } from './serviceCalls.js';
import { type StreamHeader, StreamPositions } from './streamPositions.js';
import { toDispatchError } from './toDispatchError.js';

/** Options of every call. */
export interface CallSignal {
  /** Aborts the call, also while it waits for a retry; it rejects with the reason, by default an `AbortError`. */
  readonly signal?: AbortSignal;
}

/** Options of {@link MicrogridClient.listPages}. */
export interface ListPagesOptions extends ListOptions, CallSignal {
  /** False: pages are not retried. @default the option of the client */
  readonly retry?: false;
}

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

/** What a {@link MicrogridClient} makes its calls with. */
export interface MicrogridClientSetup {
  readonly connection: Pick<Connection, 'rpc'>;
  readonly calls: ServiceCalls;
}

/** Assumed number of dispatches on a page whose size the service has chosen. */
const likelyPageSize = 100;

interface ListedPage {
  readonly page: DispatchPage;
  /** Missing or empty on the last page. */
  readonly nextPageToken: string | undefined;
}

/**
 * The calls of the dispatch service for one microgrid.
 *
 * Every failure is a `DispatchError`: `NOT_FOUND` for an unknown id, `INVALID_ARGUMENT` for what the contract or the
 * service does not accept, `UNAUTHENTICATED` for wrong credentials, `UNAVAILABLE` when the service cannot be reached,
 * `DEADLINE_EXCEEDED`, `UNDECODABLE` for a response that this version cannot represent, `STOPPED` when the client is
 * closed, and the other gRPC status names. A call whose signal aborts rejects with the reason of the signal.
 */
export class MicrogridClient {
  readonly microgridId: number;
  readonly #setup: MicrogridClientSetup;

  /** Created by `DispatchClient.forMicrogrid`. */
  constructor(microgridId: number, setup: MicrogridClientSetup) {
    this.microgridId = microgridId;
    this.#setup = setup;
  }

  /** Creates a dispatch; returns it as the service stored it. */
  async create(dispatch: NewDispatch, { signal }: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup.connection;
    return this.#call({
      kind: 'write',
      signal,
      encode: () => encodeCreate(this.microgridId, dispatch),
      send: async (request, options) => this.#decode((await rpc.createMicrogridDispatch(request, options)).dispatch),
    });
  }

  async get(id: number, { signal }: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup.connection;
    return this.#call({
      kind: 'read',
      id,
      signal,
      encode: () => this.#encodeIds(id),
      send: async (request, options) => this.#decode((await rpc.getMicrogridDispatch(request, options)).dispatch),
    });
  }

  /** Updates a dispatch; returns it as the service stored it. */
  async update(id: number, changes: DispatchChanges, { signal }: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup.connection;
    return this.#call({
      kind: 'write',
      id,
      signal,
      encode: () => encodeUpdate(this.microgridId, id, changes),
      send: async (request, options) => this.#decode((await rpc.updateMicrogridDispatch(request, options)).dispatch),
    });
  }

  async delete(id: number, { signal }: CallSignal = {}): Promise<void> {
    const { rpc } = this.#setup.connection;
    await this.#call({
      kind: 'write',
      id,
      signal,
      encode: () => this.#encodeIds(id),
      send: (request, options) => rpc.deleteMicrogridDispatch(request, options),
    });
  }

  /** Lists dispatches over all pages. Throws at the first one that cannot be decoded: nothing is left out silently. */
  async *list({ signal, ...options }: ListOptions & CallSignal = {}): AsyncGenerator<Dispatch, void, void> {
    for await (const { dispatches, problems } of this.listPages({ ...options, ...(signal && { signal }) })) {
      for (const record of dispatches) yield new Dispatch(record);
      for (const problem of problems) throw problem;
    }
  }

  /** Yields the changes of one stream, from now on. Throws when the stream is lost, also when the service ends it. */
  async *watch({ signal }: CallSignal = {}): AsyncGenerator<DispatchEvent, void, void> {
    for await (const change of this.watchRecords({ ...(signal && { signal }) })) {
      if (change.kind === 'problem') throw change.problem;
      yield { type: change.kind, dispatch: new Dispatch(change.dispatch, { deleted: change.kind === 'deleted' }) };
    }
  }

  /**
   * Lists page by page, requesting the next page while one is processed; what cannot be decoded is returned as problems. When a page is
   * larger than a message may be, the list begins again with half the dispatches per page, and returns only what is new.
   */
  async *listPages(options: ListPagesOptions): AsyncGenerator<DispatchPage, void, void> {
    // When the consumer stops early, the pending request is cancelled.
    using walk = this.#setup.calls.sequence({ signal: options.signal, ids: this.#ids() });
    const listedIds = new Set<number>();
    for (let { pageSize } = options; ; pageSize = Math.floor((pageSize ?? likelyPageSize) / 2)) {
      try {
        yield* this.#walkPages(pageSize === undefined ? options : { ...options, pageSize }, walk.signal, listedIds);
        return;
      } catch (error) {
        if (!isTooLarge(error) || pageSize === 1) throw error;
      }
    }
  }

  /**
   * Opens a stream of changes at once; what cannot be decoded is yielded as a problem.
   *
   * @param options.resumeAfter - position of the last change that is known, after which the service is to go on if it can.
   */
  watchRecords({ signal, resumeAfter }: WatchRecordsOptions = {}): RecordWatch {
    const { connection, calls } = this.#setup;
    const { rpc } = connection;
    const request = { microgridId: this.#encodeId() };
    const ids = this.#ids();
    let headersCame: (header: StreamHeader) => void = () => {};
    const headers = new Promise<StreamHeader>(resolve => {
      headersCame = resolve;
    });
    const positions = new StreamPositions(resumeAfter);
    const messages = calls.stream({
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
      ...decodeChange(message, this.microgridId),
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

  async *#walkPages(
    options: ListPagesOptions,
    signal: AbortSignal,
    listedIds: Set<number>,
  ): AsyncGenerator<DispatchPage, void, void> {
    let next: Promise<ListedPage> | undefined = this.#listPage(options, signal, undefined);
    while (next !== undefined) {
      const { page, nextPageToken }: ListedPage = await next;
      next = nextPageToken ? this.#listPage(options, signal, nextPageToken) : undefined;
      // When the consumer stops early, a failure of the next page is of no interest.
      next?.catch(() => {});
      yield unlisted(page, listedIds);
    }
  }

  #call<Request, Answer>({
    id,
    ...call
  }: Omit<UnaryCall<Request, Answer>, 'ids'> & { readonly id?: number }): Promise<Answer> {
    return this.#setup.calls.make({ ...call, ids: { ...this.#ids(), dispatchId: id } });
  }

  #ids() {
    return { microgridId: this.microgridId };
  }

  #encodeIds(id: number) {
    return { microgridId: encodeId(this.microgridId, 'microgridId'), dispatchId: encodeId(id, 'id') };
  }

  #encodeId(): bigint {
    try {
      return encodeId(this.microgridId, 'microgridId');
    } catch (error) {
      throw toDispatchError(error, this.#ids());
    }
  }

  #decode(message: DispatchMessage | undefined): Dispatch {
    return decodeAnswer(message, this.microgridId);
  }

  async #listPage(
    { signal: _, retry, ...list }: ListPagesOptions,
    signal: AbortSignal,
    pageToken: string | undefined,
  ): Promise<ListedPage> {
    const { rpc } = this.#setup.connection;
    const { dispatches, paginationInfo } = await this.#call({
      kind: 'read',
      signal,
      retry,
      encode: () => encodeList(this.microgridId, list, pageToken),
      send: (request, options) => rpc.listMicrogridDispatches(request, options),
    });
    return { page: decodePage(dispatches, this.microgridId), nextPageToken: paginationInfo?.nextPageToken };
  }
}

/** What of a page is not listed yet; adds its ids. */
function unlisted({ dispatches, problems }: DispatchPage, listedIds: Set<number>): DispatchPage {
  const isNew = (id: number | undefined) => {
    if (id === undefined) return true;
    const sizeBefore = listedIds.size;
    return listedIds.add(id).size > sizeBefore;
  };
  return {
    dispatches: dispatches.filter(({ id }) => isNew(id)),
    problems: problems.filter(({ dispatchId }) => isNew(dispatchId)),
  };
}
