import type { DispatchPage, DispatchWatch } from '../../machines/protocol/transport.js';
import type {
  Dispatch as DispatchMessage,
  MicrogridDispatchServiceClient,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatch, type DispatchEvent } from '../dispatch.js';
import { DispatchError } from '../model/dispatchError.js';
import { encodeId } from '../wire/integerCodec.js';
import { decodeAnswer, decodeChange, decodePage } from './answers.js';
import {
  type DispatchChanges,
  encodeCreate,
  encodeList,
  encodeUpdate,
  type ListOptions,
  type NewDispatch,
} from './requests.js';
import type { ServiceCalls, UnaryCall } from './serviceCalls.js';
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

/** What a {@link MicrogridClient} makes its calls with. */
export interface MicrogridClientSetup {
  readonly rpc: MicrogridDispatchServiceClient;
  readonly calls: ServiceCalls;
}

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
    const { rpc } = this.#setup;
    return this.#call({
      kind: 'write',
      signal,
      encode: () => encodeCreate(this.microgridId, dispatch),
      send: async (request, options) => this.#decode((await rpc.createMicrogridDispatch(request, options)).dispatch),
    });
  }

  async get(id: number, { signal }: CallSignal = {}): Promise<Dispatch> {
    const { rpc } = this.#setup;
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
    const { rpc } = this.#setup;
    return this.#call({
      kind: 'write',
      id,
      signal,
      encode: () => encodeUpdate(this.microgridId, id, changes),
      send: async (request, options) => this.#decode((await rpc.updateMicrogridDispatch(request, options)).dispatch),
    });
  }

  async delete(id: number, { signal }: CallSignal = {}): Promise<void> {
    const { rpc } = this.#setup;
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

  /** Lists page by page, requesting the next page while one is processed; what cannot be decoded is returned as problems. */
  async *listPages(options: ListPagesOptions): AsyncGenerator<DispatchPage, void, void> {
    // When the consumer stops early, the pending request is cancelled.
    using walk = this.#setup.calls.sequence({ signal: options.signal, ids: this.#ids() });
    let next: Promise<ListedPage> | undefined = this.#listPage(options, walk.signal, undefined);
    while (next !== undefined) {
      const { page, nextPageToken }: ListedPage = await next;
      next = nextPageToken ? this.#listPage(options, walk.signal, nextPageToken) : undefined;
      // When the consumer stops early, a failure of the next page is of no interest.
      next?.catch(() => {});
      yield page;
    }
  }

  /** Opens a stream of changes at once; what cannot be decoded is yielded as a problem. */
  watchRecords({ signal }: CallSignal = {}): DispatchWatch {
    const { rpc, calls } = this.#setup;
    const request = { microgridId: this.#encodeId() };
    const ids = this.#ids();
    const decode = (message: StreamMicrogridDispatchesResponse) => decodeChange(message, this.microgridId);
    let headersCame = () => {};
    const headers = new Promise<void>(resolve => {
      headersCame = resolve;
    });
    const messages = calls.stream({
      ids,
      signal,
      open: options => rpc.streamMicrogridDispatches(request, options),
      onOpen: () => headersCame(),
    });
    // The call begins with the request for the first message.
    const first = messages.next();
    const opened = Promise.race([headers, first.then(() => {})]);
    // A failure is reported to the iteration, even when nobody waits for the headers.
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
    const { rpc } = this.#setup;
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
